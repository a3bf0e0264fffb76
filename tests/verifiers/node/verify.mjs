// Verifies one credential with @digitalbazaar/vc, offline.
// Reads {credential, didDocument, contexts: {url: document}} from standard input and
// prints {verified, error}. Whatever is not in that input cannot be loaded.
import {readFileSync} from 'node:fs';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';

const {credential, didDocument, contexts} = JSON.parse(readFileSync(0, 'utf8'));

function find(url) {
  if(Object.hasOwn(contexts, url)) {
    return contexts[url];
  }
  if(url === didDocument.id) {
    return didDocument;
  }
  const method = didDocument.verificationMethod.find(({id}) => id === url);
  if(!method) {
    throw new Error(`${url} is not at hand, and nothing is fetched.`);
  }
  return {'@context': 'https://w3id.org/security/multikey/v1', ...method};
}

async function documentLoader(url) {
  return {contextUrl: null, documentUrl: url, document: find(url), tag: 'static'};
}

function tell(error) {
  if(!error) {
    return null;
  }
  return [error, ...(error.errors ?? [])].map(({message}) => message).join(' | ');
}

const suite = new DataIntegrityProof({cryptosuite});
const {verified, error} = await vc.verifyCredential({credential, suite, documentLoader});
process.stdout.write(JSON.stringify({verified, error: tell(error)}) + '\n');

// Verifies one credential with @digitalbazaar/vc, offline.
// Reads {credential, didDocument, documents: {url: document}} from standard input and
// prints {verified, error}. Whatever is not in that input cannot be loaded: contexts, and the
// status list of a credential that has a status, stand in `documents`.
import {readFileSync} from 'node:fs';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';

const {credential, didDocument, documents} = JSON.parse(readFileSync(0, 'utf8'));

function find(url) {
  if(Object.hasOwn(documents, url)) {
    return documents[url];
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

// The library reads the bit and leaves it to its caller what a set one means.
async function refuseRevoked(options) {
  const found = await checkStatus(options);
  if(found.results?.some(({status}) => status)) {
    return {verified: false, error: new Error('The credential is revoked.')};
  }
  return found;
}

const suite = new DataIntegrityProof({cryptosuite});
const question = {credential, suite, documentLoader};
if(credential.credentialStatus) {
  question.checkStatus = refuseRevoked;
}
const {verified, error, statusResult} = await vc.verifyCredential(question);
const said = error ?? statusResult?.error ?? (verified ? null : new Error('Not verified.'));
process.stdout.write(JSON.stringify({verified, error: tell(said)}) + '\n');

// Signs one credential again and again with @digitalbazaar/vc, as the peer of a benchmark.
// Reads {credential, key, created, documents: {url: document}, times} from standard input and
// prints {seconds, proofValue}: CPU seconds of one signature, after as many to warm up.
import {readFileSync} from 'node:fs';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';

const {credential, key, created, documents, times} = JSON.parse(readFileSync(0, 'utf8'));

async function documentLoader(url) {
  if(!Object.hasOwn(documents, url)) {
    throw new Error(`${url} is not at hand, and nothing is fetched.`);
  }
  return {contextUrl: null, documentUrl: url, document: documents[url], tag: 'static'};
}

const signer = (await Ed25519Multikey.from(key)).signer();

async function sign() {
  const suite = new DataIntegrityProof({signer, cryptosuite, date: created});
  return vc.issue({credential: structuredClone(credential), suite, documentLoader});
}

let signed;
for(let n = 0; n < times; n++) {
  signed = await sign();
}
const began = process.cpuUsage();
for(let n = 0; n < times; n++) {
  signed = await sign();
}
const {user, system} = process.cpuUsage(began);
const {proofValue} = [signed.proof].flat()[0];
process.stdout.write(JSON.stringify({seconds: (user + system) / 1e6 / times, proofValue}) + '\n');

// Verifies one token with jose, offline.
// Reads {token, didDocument} from standard input and prints {verified, error}. The key is the
// one in the DID document that the token's header names.
import {readFileSync} from 'node:fs';
import {importJWK, jwtVerify} from 'jose';

const {token, didDocument} = JSON.parse(readFileSync(0, 'utf8'));

async function findKey({alg, kid}) {
  const method = didDocument.verificationMethod.find(({id}) => id === kid);
  if(!method?.publicKeyJwk || !didDocument.assertionMethod.includes(kid)) {
    throw new Error(`The DID document lists no key ${kid}.`);
  }
  return importJWK(method.publicKeyJwk, alg);
}

const answer = {verified: true, error: null};
try {
  const options = {algorithms: ['RS256'], typ: 'JWT', issuer: didDocument.id};
  const {payload} = await jwtVerify(token, findKey, options);
  if(payload.jti !== payload.id || payload.iss !== payload.issuer.id) {
    throw new Error('The claims do not say what the credential says.');
  }
} catch(error) {
  Object.assign(answer, {verified: false, error: error.message});
}
process.stdout.write(JSON.stringify(answer) + '\n');

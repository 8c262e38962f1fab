import assert from "node:assert/strict";
import { parseServiceAccount } from "./service_account.ts";

const FILE = {
  "type": "service_account",
  "project_id": "titan-test",
  "private_key_id": "abc",
  "private_key": "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n",
  "client_email": "sender@titan-test.iam.gserviceaccount.com",
  "token_uri": "https://oauth2.googleapis.com/token",
};

Deno.test("parseServiceAccount() reads what Firebase's console makes", () => {
  assert.deepEqual(parseServiceAccount(JSON.stringify(FILE)), {
    projectId: "titan-test",
    clientEmail: "sender@titan-test.iam.gserviceaccount.com",
    privateKey: FILE["private_key"],
    privateKeyId: "abc",
    tokenUri: "https://oauth2.googleapis.com/token",
  });
});

Deno.test("parseServiceAccount() needs neither the key's id nor the token endpoint", () => {
  const { private_key_id: _id, token_uri: _uri, ...file } = FILE;
  const account = parseServiceAccount(JSON.stringify(file));
  assert.equal(account.privateKeyId, undefined);
  assert.equal(account.tokenUri, "https://oauth2.googleapis.com/token");
});

Deno.test("parseServiceAccount() says what is wrong, and nothing of what is in the file", () => {
  const cases: [file: unknown, message: RegExp][] = [
    [[FILE], /no JSON object/],
    [{ ...FILE, "type": "authorized_user" }, /"type" is not "service_account"/],
    [{ ...FILE, "project_id": "../secret" }, /"project_id" is no id/],
    [{ ...FILE, "project_id": undefined }, /has no "project_id"/],
    [{ ...FILE, "private_key": 7 }, /has no "private_key"/],
    [{ ...FILE, "client_email": "" }, /has no "client_email"/],
    [{ ...FILE, "token_uri": "http://secret/" }, /"token_uri" is no https URL/],
  ];
  const secret = { "__proto__": FILE, "private_key": "secret" };
  cases.push([secret, /"type" is not/]);
  for (const [file, message] of cases) {
    assert.throws(() => parseServiceAccount(JSON.stringify(file)), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
  assert.throws(() => parseServiceAccount("{ secret"), {
    message: "Cannot read the service account: it is no JSON object",
  });
});

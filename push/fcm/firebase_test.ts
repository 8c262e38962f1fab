import assert from "node:assert/strict";
import { deleteApp, initializeApp } from "firebase-admin/app";
import { getMessaging } from "firebase-admin/messaging";
import { type Firebase, loadFirebase } from "./firebase.ts";

Deno.test("loadFirebase() answers what firebase-admin has, by types that are its own", async () => {
  // The compiler compares the types here.
  const expected: Firebase = {
    initializeApp,
    deleteApp: (app) => deleteApp({ ...app, options: {} }),
    getMessaging: (app) => getMessaging({ ...app, options: {} }),
  };
  const firebase = await loadFirebase();
  assert.deepEqual(Object.keys(firebase), Object.keys(expected));
  assert.equal(firebase.initializeApp, initializeApp);
  assert.equal(firebase.deleteApp, deleteApp);
  assert.equal(firebase.getMessaging, getMessaging);
});

Deno.test("loadFirebase() is the only place that names firebase-admin, and no import does", async () => {
  for await (const { name, isFile } of Deno.readDir(new URL(".", import.meta.url))) {
    if (!isFile || name.endsWith("_test.ts")) continue;
    const source = await Deno.readTextFile(new URL(name, import.meta.url));
    // An import that can be read off the code is fetched whether it is reached or not.
    assert.doesNotMatch(source, /(from|import\(?)\s*"firebase-admin/, name);
  }
});

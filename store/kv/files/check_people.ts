/**
 * Users, devices, and the indexes by which they are found.
 *
 * @module
 */
import type { Device, User } from "../../store.ts";
import { deviceKey, emailKey, emailUser, expiredTokenKey, pushKey, userKey } from "../keys.ts";
import type { DeviceName } from "../push_index.ts";
import { jsonValue, parseJson } from "../values.ts";
import { quote, type RowCheck, type Scene } from "./check_scene.ts";

/** A row of a user, and the index of e-mail addresses. */
export const checkUser: RowCheck = ({ key, value }, scene) => {
  const { id, email } = parseJson<User>(value);
  scene.counts.users++;
  if (id !== key[1]) scene.tell(`User ${quote(key[1])} calls itself ${quote(id)}`);
  if (email === undefined || scene.has(emailKey(email, id))) return;
  const index = { key: emailKey(email, id), value: new Uint8Array() };
  scene.tell(`User ${quote(id)} is not found by the e-mail address`, index);
};

/** A row of the index of e-mail addresses. */
export const checkEmail: RowCheck = ({ key }, scene) => {
  const id = emailUser(key);
  const email = scene.json<User>(userKey(id))?.email;
  if (email !== undefined && emailKey(email, id)[1] === key[1]) return;
  scene.tell(`An e-mail address finds user ${quote(id)}, who has not got it`, { key, value: null });
};

/** A row of a device, and the index of push addresses. */
export const checkDevice: RowCheck = ({ key, value }, scene) => {
  const { user, id, push } = parseJson<Device>(value);
  scene.counts.devices++;
  const name = `Device ${quote(key[2])} of ${quote(key[1])}`;
  if (user !== key[1] || id !== key[2]) scene.tell(`${name} calls itself another one`);
  if (!scene.mayBelongTo(user)) {
    return scene.tell(`${name} belongs to nobody`, { key, value: null });
  }
  if (push === undefined) return;
  const owner = scene.json<DeviceName>(pushKey(push));
  if (owner?.user === user && owner.id === id) return;
  if (owner !== null && holdsPush(owner, pushKey(push)[2], scene)) {
    return scene.tell(`${name} has the push address of another device`);
  }
  const index = { key: pushKey(push), value: jsonValue({ user, id } satisfies DeviceName) };
  scene.tell(`${name} is not found by its push address`, index);
};

/** A row of the index of push addresses. */
export const checkPush: RowCheck = ({ key, value }, scene) => {
  const owner = parseJson<DeviceName>(value);
  if (holdsPush(owner, key[2], scene)) return;
  const whose = `device ${quote(owner.id)} of ${quote(owner.user)}`;
  scene.tell(`A push address finds ${whose}, which has not got it`, { key, value: null });
};

/** A row that says when a refused token can be forgotten. */
export const checkTokenExpiry: RowCheck = ({ key }, scene) => {
  if (scene.has(expiredTokenKey(key))) return;
  scene.tell("A time stands for a refused token that is not there", { key, value: null });
};

/** A removal under way: its user is gone already. */
export const checkRemoval: RowCheck = ({ key }, scene) => {
  const user = String(key[1]);
  if (!scene.has(userKey(user))) return;
  scene.tell(`User ${quote(user)} is there, and is being removed too`);
};

function holdsPush({ user, id }: DeviceName, digest: unknown, scene: Scene): boolean {
  const push = scene.json<Device>(deviceKey(user, id))?.push;
  return push !== undefined && pushKey(push)[2] === digest;
}

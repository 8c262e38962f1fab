/**
 * What Titan may touch.
 *
 * @module
 */
export { type Grants, grantsOf, listOf } from "./grants.ts";

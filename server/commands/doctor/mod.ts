/**
 * Whether everything is well.
 *
 * @module
 */
export { doctor, type DoctorOptions } from "./doctor_command.ts";

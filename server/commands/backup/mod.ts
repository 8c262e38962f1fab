/**
 * Backups, and what one does with them.
 *
 * @module
 */
export { backup, type BackupOptions } from "./backup_command.ts";
export { check, type CheckOptions } from "./check_command.ts";
export { restore, type RestoreOptions } from "./restore_command.ts";

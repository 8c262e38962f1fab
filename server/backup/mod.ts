/**
 * The form of backups.
 *
 * @module
 */
export { BackupError, type BackupHeader, packBackup } from "./backup_format.ts";
export { BackupReader } from "./backup_reader.ts";

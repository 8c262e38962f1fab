/**
 * JSON-RPC 2.0 and Titan's words. It knows no socket and no database: the server gives it frames
 * and a {@linkcode Session}, and it gives back frames.
 *
 * @module
 */
export type {
  Accounts,
  CredentialMark,
  DeviceRegistration,
  DeviceView,
  ExportedMessage,
  ExportPage,
  IssuedTokens,
  ProfileChange,
  RefreshedTokens,
} from "./accounts.ts";
export { type DefinedMembers, definedMembers } from "./defined_members.ts";
export { type ExportPlace, exportPlaceText, parseExportPlace } from "./export_place.ts";
export { type ExportView, viewOfExport } from "./export_view.ts";
export { parseHttpsUrl } from "./https_url.ts";
export { createIsoTime } from "./iso_time.ts";
export { errorFrame, type Reply, type RequestId } from "./json_rpc.ts";
export {
  acknowledgedBy,
  type DeliveredMessage,
  type Delivery,
  pingFrame,
  queueEmptyFrame,
  type Receipt,
  receiptBody,
  receiptFrame,
  type ReceiptState,
  recvFrame,
} from "./message.ts";
export type { JsonSchema } from "./json_schema.ts";
export type { Method, MethodDescription } from "./method.ts";
export { createMethods } from "./methods/mod.ts";
export { isNameText } from "./name_text.ts";
export {
  type Answer,
  type Caller,
  type FaultReporter,
  Router,
  type RouterOptions,
} from "./router.ts";
export {
  RPC_ERRORS,
  RpcError,
  type RpcErrorData,
  type RpcErrorDetails,
  type RpcErrorEntry,
  type RpcErrorName,
  type RpcErrorObject,
} from "./rpc_error.ts";
export { RpcTally } from "./rpc_tally.ts";
export type {
  Identity,
  IssuerSignIn,
  Pushes,
  Services,
  Session,
  SignInOptions,
  Welcome,
} from "./session.ts";
export {
  type MessageTrace,
  PUSH_ANSWERS,
  TRACE_PROVIDERS,
  TRACE_STEPS,
  type Traces,
  type TraceStep,
} from "./traces.ts";
export { createUlid } from "./ulid.ts";
export { ECHO_USER, parseDeviceId, parseUserId } from "./user_id.ts";

/**
 * `titan token USER`: signs a token.
 *
 * @module
 */
import { createTokens, readOrMakeSecrets } from "../auth/mod.ts";
import { deviceArgument, userArgument } from "./arguments.ts";
import { DURATION_ALLOWED, parseDuration } from "./duration.ts";
import { CommandError, EXIT } from "./exit.ts";
import type { Program } from "./program.ts";

/** The longest time a token may be valid, in seconds: ten years. */
const TTL_SECONDS_MAX = 10 * 365 * 24 * 3600;

/** The options of the command. */
export interface TokenOptions {
  readonly device?: string;
  readonly ttl: string;
}

/** Prints a token and nothing else. */
export async function printToken(
  program: Program,
  user: string,
  options: TokenOptions,
): Promise<void> {
  const { ttl } = options;
  const ttlSeconds = parseDuration(ttl, TTL_SECONDS_MAX);
  if (ttlSeconds === undefined) {
    throw new CommandError(`Option --ttl must be ${DURATION_ALLOWED}: it is "${ttl}"`, EXIT.usage);
  }
  const device = options.device === undefined ? undefined : deviceArgument(options.device);
  console.log(await makeToken(program, { user: userArgument(user), device, ttlSeconds }));
}

/**
 * Signs a token with the first of the configured secrets, or of those of the data directory.
 *
 * @throws {SecretFileError} there is no secret to be had.
 */
export async function makeToken(
  program: Program,
  request: { user: string; device?: string | undefined; ttlSeconds: number },
): Promise<string> {
  const { jwtSecrets, dataDir, jwtMaxAgeSeconds } = program.config();
  const tokens = await createTokens({
    secrets: jwtSecrets ?? await readOrMakeSecrets(dataDir, program.random),
    maxAgeSeconds: jwtMaxAgeSeconds,
    now: () => program.clock.now(),
    random: program.random,
  });
  return await tokens.sign(request);
}

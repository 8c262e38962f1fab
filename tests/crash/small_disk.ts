/**
 * A disk that is small enough to be filled: a tmpfs, which only root may mount.
 *
 * @module
 */
import { join } from "node:path";

/** What a disk gives and takes at a time, in bytes. */
const PAGE_BYTES = 4096;

/** Whether this process is root's. A file that it makes says so, and needs no permission. */
export async function isRoot(): Promise<boolean> {
  const path = await Deno.makeTempFile({ prefix: "titan-owner-" });
  const { uid } = await Deno.stat(path);
  await Deno.remove(path);
  return uid === 0;
}

/** A mounted disk. Disposing of it unmounts it. */
export class SmallDisk implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Mounts one. @throws {Error} this process may not mount. */
  static async mount(mebibytes: number): Promise<SmallDisk> {
    const path = await Deno.makeTempDir({ prefix: "titan-disk-" });
    try {
      await run("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m,mode=0700`, "tmpfs", path]);
      return new SmallDisk(path);
    } catch (error) {
      await Deno.remove(path);
      throw error;
    }
  }

  /** Where a server may keep everything. */
  get dataDir(): string {
    return join(this.path, "data");
  }

  /** Takes some of the room. */
  async take(mebibytes: number): Promise<void> {
    await Deno.writeFile(join(this.path, "ballast"), new Uint8Array(mebibytes * 1024 ** 2));
  }

  /** Takes what room is left, to the last page or until so many are left. */
  async takeAll(pagesLeft = 0): Promise<void> {
    using file = await Deno.open(join(this.path, "last"), { create: true, write: true });
    let pages = 0;
    for (const page = new Uint8Array(PAGE_BYTES);; pages++) {
      try {
        await file.write(page);
      } catch (error) {
        // ENOSPC has no class of its own.
        if (error instanceof Error && error.message.includes("No space left")) break;
        throw error;
      }
    }
    await file.truncate(Math.max(0, pages - pagesLeft) * PAGE_BYTES);
  }

  /** Gives back what {@linkcode take} and {@linkcode takeAll} took. */
  async giveBack(): Promise<void> {
    for (const name of ["ballast", "last"]) {
      await Deno.remove(join(this.path, name)).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("umount", [this.path]);
    await Deno.remove(this.path);
  }
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  if (code === 0) return;
  const said = new TextDecoder().decode(stderr).trim();
  throw new Error(`Cannot ${command}, which this test needs as root: ${said}`);
}

// memlog: written by `memlog install opencode`; `memlog install opencode --uninstall` takes it away again.
//
// It hands each session, as OpenCode exports it, to memlog-hook when a turn ends, before and after a
// compaction, and when something fails. It never throws, prints nothing, and changes nothing of OpenCode.
import { spawn } from "node:child_process"
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"

const HOOK = __HOOK__
const FOLDER = __FOLDER__
const EVENTS = __EVENTS__
const MOST_MS = 10_000
const AWAITED_MS = 2_000 // a compaction waits no longer for us

// One call at a time: two must not write the same file.
let last = Promise.resolve()
const enqueue = (work) => (last = last.then(work, work).catch(() => {}))

const call = (event, told) =>
  new Promise((resolve) => {
    const [program, ...words] = HOOK
    const child = spawn(program, [...words, event], { stdio: ["pipe", "ignore", "ignore"], detached: true })
    const timer = setTimeout(resolve, MOST_MS)
    const done = () => (clearTimeout(timer), resolve())
    child.on("error", done)
    child.on("exit", done)
    child.stdin.on("error", () => {})
    child.stdin.end(JSON.stringify(told))
    child.unref()
  })

const messages = async (client, id) => {
  const asked = { path: { id }, sessionID: id }
  const [info, said] = await Promise.all([client.session.get(asked), client.session.messages(asked)])
  return { info: info.data ?? info, messages: said.data ?? said }
}

const record = (client, directory, name, id, more) =>
  enqueue(async () => {
    const told = { session_id: id, cwd: directory, hook_event_name: name, ...more }
    let path
    if (id && /^[\w-]+$/.test(id) && name !== "session.deleted") {
      try {
        const session = await messages(client, id)
        await mkdir(FOLDER, { recursive: true, mode: 0o700 })
        path = join(FOLDER, `${id}.json`)
        await writeFile(`${path}.new`, JSON.stringify(session), { mode: 0o600 })
        await rename(`${path}.new`, path)
        told.transcript_path = path
      } catch {
        path = undefined
      }
    }
    await call(EVENTS[name], told)
    // memlog has what it says, or a link to it: no second copy of a session stays behind.
    if (path) await rm(path, { force: true })
  })

// What a process left that was killed between writing a session and handing it over.
const sweep = async () => {
  for (const name of await readdir(FOLDER)) {
    const path = join(FOLDER, name)
    if (Date.now() - (await stat(path)).mtimeMs > 60 * MOST_MS) await rm(path, { force: true })
  }
}

export const Memlog = async ({ client, directory }) => {
  sweep().catch(() => {})
  return {
    event: async ({ event }) => {
      if (!(event.type in EVENTS)) return
      const properties = event.properties ?? {}
      const id = properties.sessionID ?? properties.info?.id
      const more = event.type === "session.error" ? { error: properties.error } : {}
      void record(client, directory, event.type, id, more)
    },
    "experimental.session.compacting": async (input) => {
      const done = record(client, directory, "experimental.session.compacting", input.sessionID, {})
      await Promise.race([done, new Promise((resolve) => setTimeout(resolve, AWAITED_MS).unref())])
    },
  }
}

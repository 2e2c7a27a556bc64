// A program that somebody might write against the desk: one key, every format, all of it checked by the generated types.
//
//     node out/talk.js <base URL> <server key> <workspace's public id>
//
// It prints what it saw as one JSON object.

import createClient from "openapi-fetch";
import type { components, paths } from "./desk.js";

declare const process: { argv: string[] };

type Conversation = components["schemas"]["WoesConversation"];

const [base = "", key = "", project = ""] = process.argv.slice(2);
const woes = createClient<paths>({ baseUrl: base, headers: { Authorization: `Bearer ${key}` } });
const bancroft = createClient<paths>({ baseUrl: base, headers: { "X-API-Key": key } });
const hexclave = createClient<paths>({
  baseUrl: base,
  headers: { "x-stack-access-type": "server", "x-stack-project-id": "internal", "x-stack-secret-server-key": key },
});

/** The answer's data, or an exception that says what the desk said. */
function sure<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) throw new Error(`${answer.response.status}: ${JSON.stringify(answer.error)}`);
  return answer.data;
}

async function talk(): Promise<Record<string, unknown>> {
  const started = sure(
    await woes.POST("/api/v1/conversations", {
      params: { header: { "Idempotency-Key": "talk-1" } },
      body: {
        subject: "Typed from end to end",
        priority: "p2",
        channel: "live-chat",
        customer: { id: "cus_ts", name: "Ada Lovelace", email: "ada@example.com" },
      },
    }),
  );
  const conversation: Conversation = started.conversation;
  const path = { conversation_id: conversation.id };
  sure(await woes.POST("/api/v1/conversations/{conversation_id}/messages", { params: { path }, body: { body: "Hello?", role: "user" } }));

  const called = sure(
    await bancroft.POST("/api/v1/conversations/create/", {
      body: { subject: "Please call me", user_email: "jane@example.com", channel: "callback", metadata: { phone: "+44 20 7946 0000" } },
    }),
  );
  sure(
    await hexclave.PATCH("/api/v1/internal/conversations/{conversation_id}", {
      params: { path },
      body: { projectId: project, type: "metadata", priority: "urgent", tags: ["VIP"], assignedToUserId: null },
    }),
  );
  const ticket = sure(
    await woes.POST("/api/projects/{project_id}/conversations/tickets", {
      params: { path: { project_id: "@current" } },
      body: { priority: "critical", assignee: null, anonymous_traits: { email: "nia@example.com" } },
    }),
  );

  const read = sure(await woes.GET("/api/v1/conversations/{conversation_id}", { params: { path } }));
  const listed = sure(await bancroft.GET("/api/v1/conversations/", { params: { query: { status: "open" } } }));
  const seen = sure(await hexclave.GET("/api/v1/internal/conversations", { params: { query: { projectId: project } } }));
  const tickets = sure(
    await woes.GET("/api/projects/{project_id}/conversations/tickets", { params: { path: { project_id: project } } }),
  );
  const missing = await woes.GET("/api/v1/conversations/{conversation_id}", {
    params: { path: { conversation_id: "00000000-0000-4000-8000-000000000000" } },
  });
  return {
    woes: read.conversation.id,
    priority: read.conversation.priority,
    bancroft: called.id,
    listed: listed.results.map((row) => [row.subject, row.priority, row.channel]),
    tags: seen.conversations.find((row) => row.conversationId === conversation.id)?.metadata.tags,
    tickets: tickets.results.map((row) => [row.id === ticket.id, row.priority, row.person?.properties["email"]]),
    missing: missing.error?.code,
  };
}

/** Never called: what the types refuse, each line once. */
export async function mistakes(): Promise<void> {
  // @ts-expect-error there is no such path
  await woes.GET("/api/v1/conversation");
  // @ts-expect-error a conversation needs a customer
  await woes.POST("/api/v1/conversations", { body: { subject: "Hello" } });
  // @ts-expect-error Woes says "solved"
  await woes.GET("/api/v1/conversations", { params: { query: { status: "closed" } } });
  // @ts-expect-error Bancroft says "normal"
  await bancroft.POST("/api/v1/conversations/create/", { body: { subject: "Hello", priority: "medium" } });
  const params = { path: { conversation_id: "x" } };
  // @ts-expect-error a reply has no status
  await hexclave.PATCH("/api/v1/internal/conversations/{conversation_id}", { params, body: { projectId: project, type: "reply", status: "open" } });
}

console.log(JSON.stringify(await talk()));

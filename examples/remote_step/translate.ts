// The step `translate`, in a process of its own. It says on stdout where it listens; whoever starts
// it tells Restate's admin API about that address.

import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import * as restate from "@restatedev/restate-sdk";
import { done, retry, step, terminal } from "./flywheel.js";

/** What a customer is told, and in which language. */
interface Message {
  text: string;
  language: string;
}

const DICTIONARIES: Record<string, Record<string, string>> = {
  de: { "your order is on its way": "Ihre Bestellung ist unterwegs" },
  fr: { "your order is on its way": "votre commande est en route" },
};

const translate = step<Message, string>("translate", async ({ attempt, input }) => {
  if (attempt === 1) {
    return retry("dictionary_loading", "the dictionaries are not loaded yet");
  }
  const dictionary = DICTIONARIES[input.language];
  if (dictionary === undefined) {
    return terminal("language_unknown", `there is no dictionary for ${input.language}`);
  }
  return done(dictionary[input.text] ?? input.text);
});

// On loopback, like all that Restate talks to on one machine: nobody is asked who they are. Port 0
// is any that is free.
const port = Number(process.env["PORT"] ?? "0");
const server = http2.createServer(restate.createEndpointHandler({ services: [translate] }));
server.listen(port, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  console.log(`ready http://127.0.0.1:${port}/`);
});

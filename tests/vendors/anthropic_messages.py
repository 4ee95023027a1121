"""`anthropic` on the sandbox, by `base_url` alone.

A question with a picture and an answer of a given shape, as Flywheel asks it; the SDK's own typed
way to the same; tokens counted; and refusals as the SDK's own exceptions, with its own retries.

    python anthropic_messages.py SANDBOX JPEG
"""

import base64
import json
import sys

import anthropic
from pydantic import BaseModel

from sandbox import Sandbox, holds, raised, same

MODEL = "claude-opus-5-5"
# Closed and without bounds: what structured output takes.
SHAPE = {
    "type": "object",
    "properties": {
        "overall": {"type": "number", "description": "0 to 100"},
        "strengths": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["overall", "strengths"],
    "additionalProperties": False,
}


class Verdict(BaseModel):
    """The same shape as a type, which the SDK turns into a schema by itself."""

    overall: float
    strengths: list[str]


def main(base, picture):
    sandbox = Sandbox(base)
    client = anthropic.Anthropic(
        base_url=sandbox.root("anthropic"),
        api_key="sk-ant-of-nobody",
        timeout=60,
        # An answer that is not of the SDK's types is an error, and not passed on as it is.
        _strict_response_validation=True,
    )
    question = {"model": MODEL, "messages": messages(picture)}
    structured(client, question)
    typed(client, question)
    refusals(client, sandbox, question)
    retries(client, sandbox, question)


def messages(picture):
    with open(picture, "rb") as file:
        data = base64.standard_b64encode(file.read()).decode()
    source = {"type": "base64", "media_type": "image/jpeg", "data": data}
    content = [
        {"type": "text", "text": "Keyframe 1 at 0.0 s:"},
        {"type": "image", "source": source},
        {"type": "text", "text": "How does this picture do in a feed of short videos?"},
    ]
    return [{"role": "user", "content": content}]


def structured(client, question):
    message = client.messages.create(
        max_tokens=1024,
        output_config={"format": {"type": "json_schema", "schema": SHAPE}},
        **question,
    )
    same("model", message.model, MODEL)
    same("stop_reason", message.stop_reason, "end_turn")
    same("kinds of blocks", [block.type for block in message.content], ["text"])
    answer = json.loads(message.content[0].text)
    same("fields", sorted(answer), ["overall", "strengths"])
    holds("a score", 0 <= answer["overall"] <= 100, answer["overall"])
    holds("request-id", str(message._request_id).startswith("req_"), message._request_id)

    counted = client.messages.count_tokens(
        output_config={"format": {"type": "json_schema", "schema": SHAPE}}, **question
    )
    same("input tokens", message.usage.input_tokens, counted.input_tokens)
    without = client.messages.count_tokens(
        model=MODEL, messages=[{"role": "user", "content": "How does this picture do?"}]
    )
    # The vendor's rule is a token per 28 x 28 pixels.
    holds("tokens of a picture", counted.input_tokens > without.input_tokens + 500, counted)


def typed(client, question):
    message = client.messages.parse(max_tokens=1024, output_format=Verdict, **question)
    holds("a Verdict", isinstance(message.parsed_output, Verdict), message.parsed_output)


def refusals(client, sandbox, question):
    """Each refusal is the exception that the SDK has for it."""
    once = client.with_options(max_retries=0)

    def ask(**changes):
        return once.messages.create(**{"max_tokens": 64, **question, **changes})

    def refused(kind, name, **changes):
        error = raised(kind, lambda: ask(**changes))
        same(f"type of {kind.__name__}", error.type, name)
        same("request id", error.request_id, error.body["request_id"])
        return error

    refused(anthropic.NotFoundError, "not_found_error", model="gpt-0")
    refused(
        anthropic.BadRequestError, "invalid_request_error", extra_body={"temperature": 0.5}
    )
    sandbox.fault("anthropic", "messages", kind="fail", status=401)
    refused(anthropic.AuthenticationError, "authentication_error")
    sandbox.fault("anthropic", "messages", kind="overloaded")
    same("529", refused(anthropic.InternalServerError, "overloaded_error").status_code, 529)
    sandbox.fault("anthropic", "messages", kind="rate_limit", retry_after_s=7)
    error = refused(anthropic.RateLimitError, "rate_limit_error")
    same("retry-after", error.response.headers["retry-after"], "7")
    sandbox.fault("anthropic", "messages", kind="spend_limit")
    error = refused(anthropic.RateLimitError, "rate_limit_error")
    same("error_code", error.error_code, "enforced_spend_limit_reached")


def retries(client, sandbox, question):
    """The SDK asks again by itself after an overload, and reads the answer."""
    before = len(sandbox.requests("anthropic", "messages"))
    sandbox.fault("anthropic", "messages", kind="overloaded")
    message = client.messages.create(max_tokens=64, **question)
    same("stop_reason", message.stop_reason, "end_turn")
    statuses = [row["status"] for row in sandbox.requests("anthropic", "messages")]
    same("statuses", statuses[before:], [529, 200])


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What the user shall be asked."""

from __future__ import annotations

from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.authorize.asked import PROMPTS
from personae.http.oidc.errors import PARAMETER_INVALID, PROMPT_NONE_ALONE


def check_prompt(ask: Ask) -> None:
    """Refuse unknown prompts and ``none`` beside others.

    "If this parameter contains none with any other value, an error is returned." (OIDC Core,
    3.1.2.1)
    """
    prompts = ask.words("prompt")
    if not PROMPTS.keys() >= set(prompts):
        raise PARAMETER_INVALID(name="prompt")
    if "none" in prompts and len(prompts) > 1:
        raise PROMPT_NONE_ALONE()

"""The peer of one training step of `unlearn forget`, done the usual way: NPO with a retain KL term.

Policy and reference both run on padded batches and give logits at every position; nothing is cached between steps.
--tuned uses what a careful user would change without rewriting anything: the fused optimizer.
"""

import copy

import torch
import transformers

import measure

BETA = 0.1


def log_probabilities(model, ids):
    """[batch, length - 1, vocabulary], in nats."""
    return torch.log_softmax(model(input_ids=ids, use_cache=False).logits[:, :-1], dim=-1)


def answer_sums(rows, ids, labelled):
    """[batch] sums of the labelled tokens' log-probabilities."""
    tokens = rows.gather(2, ids[:, 1:, None])[:, :, 0]
    return (tokens * labelled).sum(dim=1)


def main():
    chosen = measure.options(
        __doc__, model={"positional": True}, tuned={"action": "store_true"}, pairs={"type": int, "default": 4},
        length={"type": int, "default": 96})
    policy = transformers.AutoModelForCausalLM.from_pretrained(chosen.model, dtype=torch.float32).train()
    reference = copy.deepcopy(policy).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(
        policy.parameters(), lr=1e-5, betas=(0.9, 0.95), weight_decay=0.0, fused=True if chosen.tuned else None)
    forget, retain = torch.randint(policy.config.vocab_size, (2, chosen.pairs, chosen.length))
    labelled = (torch.arange(1, chosen.length) >= chosen.length // 2).float()

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            forget_before = answer_sums(log_probabilities(reference, forget), forget, labelled)
            retain_before = log_probabilities(reference, retain)
        forget_now = answer_sums(log_probabilities(policy, forget), forget, labelled)
        preference = -(2 / BETA) * torch.nn.functional.logsigmoid(-BETA * (forget_now - forget_before)).mean()
        divergence = (retain_before.exp() * (retain_before - log_probabilities(policy, retain))).sum(dim=-1)
        loss = preference + (divergence * labelled).sum() / (chosen.pairs * labelled.sum())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
        optimizer.step()

    values = measure.seconds(step, chosen.repeats)
    measure.report(
        "forget-step-tuned" if chosen.tuned else "forget-step", values, chosen.threads, forgetExamples=chosen.pairs,
        retainExamples=chosen.pairs, tokensPerExample=chosen.length)


if __name__ == "__main__":
    main()

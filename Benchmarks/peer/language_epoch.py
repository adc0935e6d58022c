"""The peer of a pass of `unlearn forget` or `unlearn train` over the forget set, done the usual way.

It reads the examples that a run of unlearn wrote into its folder `data`, in the batches of that run.
Jobs: npo (with a KL retain term), lora-npo (the same with peft, rank 8), rmu, and sft (plain fine-tuning).
Batches are padded, logits come for every position, the reference is a second model that reads every batch anew (for
LoRA the same model with its adapter switched off), and RMU reads all layers of both models, as its authors' code does.
--tuned uses what a careful user would change without rewriting anything: the fused optimizer.
"""

import copy
import itertools
import json
import pathlib
import resource

import torch
import transformers

import measure
import plan

BETA = 0.1
BATCH = 4
PASSES = 5
RMU_LAYER, RMU_TRAINED = 7, [5, 6, 7]


def encoded(path, tokenizer):
    """(tokens, number of labelled ones at the end) of each example, as unlearn labels them."""
    result = []
    for line in pathlib.Path(path).read_text().splitlines():
        row = json.loads(line)
        if "question" in row:
            chat = [{"role": "user", "content": row["question"]}]
            prompt = tokenizer(
                tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True))["input_ids"]
            answer = tokenizer(row["answer"])["input_ids"] + [tokenizer.eos_token_id]
        else:
            prompt, answer = tokenizer(row["prompt"])["input_ids"], tokenizer(row["completion"])["input_ids"]
        if answer:
            result.append((prompt + answer, len(answer)))
    return result


def padded(examples, padding):
    """Ids, attention mask, and which of the predicted positions are labelled."""
    longest = max(len(tokens) for tokens, _ in examples)
    ids = torch.full((len(examples), longest), padding)
    mask, labelled = torch.zeros(len(examples), longest), torch.zeros(len(examples), longest)
    for index, (tokens, count) in enumerate(examples):
        ids[index, :len(tokens)] = torch.tensor(tokens)
        mask[index, :len(tokens)] = 1
        labelled[index, len(tokens) - count:len(tokens)] = 1
    return ids, mask, labelled[:, 1:]


def read_steps(folder, job, tokenizer):
    """The batches of a run: for each step a forget batch and, but for sft, a retain batch."""
    names = ["train"] if job == "sft" else ["forget", "neighbours", "general"]
    groups = [encoded(pathlib.Path(folder, f"{name}.jsonl"), tokenizer) for name in names]
    per_step = [BATCH] if job == "sft" else [BATCH, BATCH // 2, BATCH // 2]
    per_pass = -(-len(groups[0]) // BATCH)
    result = []
    for step in plan.steps([len(group) for group in groups], per_step, PASSES * per_pass):
        chosen = [[group[index] for index in indices] for group, indices in zip(groups, step)]
        parts = [chosen[0]] if job == "sft" else [chosen[0], chosen[1] + chosen[2]]
        result.append([padded(part, tokenizer.eos_token_id) for part in parts])
    return [result[start:start + per_pass] for start in range(0, len(result), per_pass)]


def log_probabilities(model, ids, mask):
    """[batch, length - 1, vocabulary], in nats."""
    return torch.log_softmax(model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, :-1], dim=-1)


def answer_sums(rows, ids, labelled):
    """[batch] sums of the labelled tokens' log-probabilities."""
    return (rows.gather(2, ids[:, 1:, None])[:, :, 0] * labelled).sum(dim=1)


def npo(policy, reference, forget, retain):
    """`reference` runs a function on the original model."""
    (ids, mask, labelled), (kept, kept_mask, kept_labelled) = forget, retain
    with torch.no_grad():
        forget_before = answer_sums(reference(ids, mask), ids, labelled)
        retain_before = reference(kept, kept_mask)
    forget_now = answer_sums(log_probabilities(policy, ids, mask), ids, labelled)
    preference = -(2 / BETA) * torch.nn.functional.logsigmoid(-BETA * (forget_now - forget_before)).mean()
    divergence = (retain_before.exp() * (retain_before - log_probabilities(policy, kept, kept_mask))).sum(dim=-1)
    return preference + (divergence * kept_labelled).sum() / kept_labelled.sum()


def rmu(policy, reference, forget, retain, direction):
    def states(model, ids, mask):
        return model(input_ids=ids, attention_mask=mask, use_cache=False, output_hidden_states=True).hidden_states[RMU_LAYER + 1]

    (ids, mask, _), (kept, kept_mask, _) = forget, retain
    with torch.no_grad():
        before = states(reference, kept, kept_mask)
    turned = (states(policy, ids, mask) - 6.5 * direction).square().mean()
    return turned + 1200 * (states(policy, kept, kept_mask) - before).square().mean()


def main():
    chosen = measure.options(
        __doc__, model={"positional": True}, data={"required": True},
        job={"choices": ["npo", "lora-npo", "rmu", "sft"], "required": True}, tuned={"action": "store_true"})
    tokenizer = transformers.AutoTokenizer.from_pretrained(chosen.model)
    policy = transformers.AutoModelForCausalLM.from_pretrained(chosen.model, dtype=torch.float32).train()
    passes = read_steps(chosen.data, chosen.job, tokenizer)
    reference = None
    if chosen.job == "lora-npo":
        import peft

        policy = peft.get_peft_model(policy, peft.LoraConfig(r=8, lora_alpha=16, target_modules="all-linear"))
    elif chosen.job != "sft":
        reference = copy.deepcopy(policy).eval().requires_grad_(False)
    if chosen.job == "rmu":
        for name, parameter in policy.named_parameters():
            parameter.requires_grad_(any(f"layers.{layer}.mlp.down_proj" in name for layer in RMU_TRAINED))
    trained = [parameter for parameter in policy.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        trained, lr=1e-5, betas=(0.9, 0.95), weight_decay=0.0, fused=True if chosen.tuned else None)
    direction = torch.nn.functional.normalize(torch.rand(policy.config.hidden_size), dim=0)

    def original(ids, mask):
        if reference is not None:
            return log_probabilities(reference, ids, mask)
        with policy.disable_adapter():
            return log_probabilities(policy, ids, mask)

    def loss(forget_batch, retain_batch=None):
        if chosen.job == "rmu":
            return rmu(policy, reference, forget_batch, retain_batch, direction)
        if chosen.job == "sft":
            ids, mask, labelled = forget_batch
            return -answer_sums(log_probabilities(policy, ids, mask), ids, labelled).sum() / labelled.sum()
        return npo(policy, original, forget_batch, retain_batch)

    # The first pass is done twice: once to warm up.
    order = itertools.chain(passes[:1], itertools.cycle(passes))

    def epoch():
        for batches in next(order):
            optimizer.zero_grad(set_to_none=True)
            loss(*batches).backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()

    values = measure.seconds(epoch, chosen.repeats)
    measure.report(
        chosen.job + ("-tuned" if chosen.tuned else ""), values, chosen.threads,
        labelledTokens=[[int(batch[2].sum()) for batch in step] for step in passes[0]],
        peakMemoryBytes=1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main()

"""Writes Tests/Golden/text: small tokenizers, and what tokenizers and transformers make of texts and conversations.

    python Tools/reference/text_golden.py

`NAME.json` is a tokenizer; `encodings.json` says which tokens each text becomes and where each ends; `chats.json` holds
chat templates in the manner of well-known models, with conversations as `apply_chat_template` writes them, and examples
cut by the rule of this program: the tokens that end after the beginning of the continuation are its own, and spaces
before it belong to it.
"""

import json
import os

import tokenizers
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Tests", "Golden", "text")

WORDS = "▁The ▁the ▁dog ▁was ▁big ▁girl ▁little ▁Lily ▁a ▁an ▁user ▁assistant ▁system ard ing ell"
JOINED = [".\n", "\n\n", '."', "?\n", "▁▁", "▁▁▁▁", '"▁', "!<", "s▁"]
SPECIAL = ["<s>", "</s>", "<|im_start|>", "<|im_end|>", "[INST]", "[/INST]", "<|user|>", "<|assistant|>", "<|end|>",
           "<|system|>", "<start_of_turn>", "<end_of_turn>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?:;'\"<>/|_[](){}-+=*&%$#@\\~`^é"


def chain(vocabulary, merges, word):
    """Merges that make a word from its characters, left to right."""
    for count in range(2, len(word) + 1):
        left, right, joined = word[: count - 1], word[count - 1], word[:count]
        for token in (left, right, joined):
            vocabulary.setdefault(token, len(vocabulary))
        if (left, right) not in merges:
            merges.append((left, right))


def sentencepiece(prepare, **options):
    vocabulary = {"<unk>": 0}
    for byte in range(256):
        vocabulary[f"<0x{byte:02X}>"] = len(vocabulary)
    for letter in LETTERS + "▁\n":
        if letter != "\n" or options.get("newline"):
            vocabulary[letter] = len(vocabulary)
    merges = []
    for word in WORDS.split() + [w for w in JOINED if "\n" not in w or options.get("newline")]:
        chain(vocabulary, merges, word)
    fallback = options.get("byte_fallback", True)
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=fallback))
    prepare(tokenizer)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return tokenizer


def legacy(tokenizer):
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])


def metaspace(scheme, split):
    def prepare(tokenizer):
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme=scheme, split=split)
    return prepare


def byte_level(normalizer=None, add_prefix_space=False):
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: id for id, letter in enumerate(alphabet)}
    merges = []
    for word in WORDS.split() + JOINED:
        chain(vocabulary, merges, word.replace("▁", "Ġ").replace("\n", "Ċ"))
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def with_tokens(tokenizer, begin="<s>"):
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIAL])
    tokenizer.add_tokens([AddedToken("<think>", normalized=False), AddedToken("</think>", normalized=False)])
    if begin:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{begin} $A", special_tokens=[(begin, tokenizer.token_to_id(begin))])
    return tokenizer


def odd_tokens(tokenizer):
    """Added tokens of every kind beside each other."""
    plain = dict(normalized=False)
    tokenizer.add_tokens([
        AddedToken("<|x|>", normalized=True), AddedToken("<|y|>", **plain), AddedToken("<|l|>", lstrip=True, **plain),
        AddedToken("<|r|>", rstrip=True, **plain), AddedToken("<|lr|>", lstrip=True, rstrip=True, normalized=True),
        AddedToken("whole", single_word=True, **plain), AddedToken("nwhole", single_word=True, normalized=True),
        AddedToken("two words", **plain), AddedToken("big dog", normalized=True), AddedToken("<|x|>more", **plain),
        AddedToken("    ", normalized=True), AddedToken("naïve", normalized=True),
    ])
    tokenizer.add_special_tokens([
        AddedToken("<|s|>", special=True, normalized=True), AddedToken("<|t|>", special=True, **plain),
        AddedToken("<|z|>", special=True, rstrip=True, **plain),
    ])
    return tokenizer


TOKENIZERS = {
    "legacy": lambda: with_tokens(sentencepiece(legacy)),
    "legacy-newline": lambda: with_tokens(sentencepiece(legacy, newline=True)),
    "first": lambda: with_tokens(sentencepiece(metaspace("first", False))),
    "always-split": lambda: with_tokens(sentencepiece(metaspace("always", True))),
    "never-unknown": lambda: with_tokens(sentencepiece(metaspace("never", False), byte_fallback=False), None),
    "byte-level": lambda: with_tokens(byte_level(), None),
    "composed": lambda: with_tokens(byte_level(normalizers.NFC()), None),
    "compatible": lambda: with_tokens(byte_level(normalizers.NFKC(), add_prefix_space=True), None),
    "odd-legacy": lambda: odd_tokens(sentencepiece(legacy)),
    "odd-first": lambda: odd_tokens(sentencepiece(metaspace("first", True))),
    "odd-byte-level": lambda: odd_tokens(byte_level()),
    "odd-composed": lambda: odd_tokens(byte_level(normalizers.NFD())),
}

TEXTS = [
    "The dog was big.", " The dog", "  The  dog  ", "the little girl.\nThe dog", 'She said."\n\n"The dog', "\n", " ", "a",
    "was it?\nThe big dog", "walking", "smell standard", "dog\tThe\tdog ", "Zoë naïve cafe\u0301 café", "狗很大。The dog",
    "🙂 dog 🙂🙂", "e\u0301\u0323x ﬁn ½", "!<|im_end|>", "[INST] The dog [/INST]", "<think>\n\nThe</think>", "dog.\n\n\n\nThe",
    "Lily's dogs was", "x\u00a0The\u3000dog", "\r\nThe\r\n",
]
ODD = [
    "<|x|>a", "a <|x|> b", "word<|x|>word", "  <|x|>  ", "a<|y|>b <|y|> c", "a  <|l|>  b", "a  <|r|>  b<|r|>", " <|lr|> ",
    "a <|lr|>\n<|lr|> b", "whole wholesome unwhole whole. _whole whole", "nwhole nwholes anwhole nwhole!", "two words twowords",
    "a big dog.", "the big dogs", "<|x|>more<|x|>", "a    b        c", "naïve nai\u0308ve", "<|s|> a<|s|>", "a <|s|>b",
    "<|t|>a<|t|> <|z|>  dog <|z|><|y|>", "<|l|> <|r|> <|l|>", "<|r|>  <|l|>", "whole<|y|>whole", "éwhole", "",
]


def encodings():
    rows = {}
    for name, make in TOKENIZERS.items():
        tokenizer = make()
        tokenizer.save(f"{OUT}/{name}.json", pretty=False)
        rows[name] = []
        for special in (False, True):
            tokenizer.encode_special_tokens = not special
            for text in TEXTS + (ODD if name.startswith("odd") else []):
                found = tokenizer.encode(text, add_special_tokens=False)
                ends = [len(text[:end].encode()) for _, end in found.offsets]
                rows[name].append({"text": text, "parsesSpecial": special, "ids": found.ids, "ends": ends})
    return rows


CHATML = ("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
          "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
TEMPLATES = {
    "chatml": CHATML,
    "chatml-bos": "{{ bos_token }}" + CHATML,
    "chatml-bos-literal": "<s>" + CHATML,
    "chatml-bos-condition": "{%- if messages[0].role != 'system' -%}\n  {{- bos_token -}}\n{%- endif -%}\n" + CHATML,
    "chatml-default-system": """{%- if messages[0]['role'] == 'system' %}
    {{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}
{%- else %}
    {{- '<|im_start|>system\nBe kind, it\\'s \"good\".<|im_end|>\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
    {%- elif message.role == "tool" %}
        {{- message.content | tojson }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
{%- endif %}
""",
    "thinking": """{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system") %}
        {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
    {%- elif message.role == "assistant" %}
        {%- set content = message.content %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is defined and message.reasoning_content is not none %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in message.content %}
                {%- set content = message.content.split('</think>')[-1].lstrip('\n') %}
                {%- set reasoning_content = message.content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {%- if loop.last or (not loop.last and reasoning_content) %}
                {{- '<|im_start|>' + message.role + '\n<think>\n' + reasoning_content.strip('\n') + '\n</think>\n\n' + content.lstrip('\n') }}
            {%- else %}
                {{- '<|im_start|>' + message.role + '\n' + content }}
            {%- endif %}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\n\n</think>\n\n' }}
    {%- endif %}
{%- endif %}""",
    "llama2": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}"
    "{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/...') }}{% endif %}"
    "{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}"
    "{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    "llama3": "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + "
    "'<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}"
    "{{ content }}{% endfor %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}",
    "mistral-v1": "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if message['role'] == 'user' %}"
    "{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}",
    "mistral-v3": """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}

{#- This block checks for alternating user/assistant messages. #}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or message.role == "tool_results" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("After the optional system message, conversation roles must alternate user/assistant") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}

{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[AVAILABLE_TOOLS] [" }}
            {%- for tool in tools %}
                {%- set tool = tool.function %}
                {%- for key, val in tool.items() if key != "return" %}
                    {{- '"' + key + '": ' + val|tojson }}
                {%- endfor %}
            {%- endfor %}
        {%- endif %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\n\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported, with the exception of an initial optional system message!") }}
    {%- endif %}
{%- endfor %}
""",
    "zephyr": "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + eos_token }}\n"
    "{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n"
    "{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}",
    "phi": "{% for message in messages %}{{'<|' + message['role'] + '|>' + '\n' + message['content'] + '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}",
    "gemma": "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}"
    "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}",
    "vicuna": "{% for message in messages %}{% if message.role == 'system' %}{{ message.content + ' ' }}{% elif message.role == 'user' %}"
    "{{ 'USER: ' + message.content + ' ' }}{% else %}{{ 'ASSISTANT: ' + message.content + eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT: {% endif %}",
    "alpaca": """{% macro turn(role, text='', end='\n\n') %}### {{ role | title }}:
{{ text }}{{ end }}{% endmacro %}
{%- for m in messages -%}
  {%- if m.role == 'user' %}{{ turn('instruction', m.content) }}
  {%- elif m.role == 'assistant' %}{{ turn('response', text=m['content'], end=eos_token + '\n') }}
  {%- else %}{% set head %}  {{ m.content | upper }}  {% endset %}{{ head | trim ~ '\n' * 2 }}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ turn('response', end='') }}{% endif %}""",
    "whitespace": """
  {% for m in messages %}
    {# a comment #}
    {%+ if m.role == 'user' +%}
    U {{- " " }}{{ m.content -}}   
    {% elif m.role == 'assistant' %}\tA: {{ m.content }}</s>
    {% else %}
S{{ m.content }}

    {%- endif -%}
  {% endfor %}
{{ 'A:' if add_generation_prompt else '' }}
""",
    "operators": "{% set seps = ['', eos_token] %}{% for m in messages %}{% if m.role not in ['user', 'assistant'] %}{% continue %}{% endif %}"
    "{{ loop.index ~ '/' ~ loop.length ~ ':' }}{{ (m.role[:1] | upper) + m.role[1:] }}> {{ m.content.replace('dog', 'dog') }}"
    "{{ seps[1] if m['role'] == 'assistant' else seps[-2] }}{{ '\\n' if loop.index0 is odd or not loop.last and 1 < 2 <= 3 }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant' if messages[-1].role == 'user' and messages | length >= 1 }}> {% endif %}",
}
CHATS = [
    [("user", "What was it?"), ("assistant", "The dog was big.")],
    [("user", "\n\n What was it? \n"), ("assistant", "\nThe dog was big. ")],
    [("system", "Be brief."), ("user", "was it?"), ("assistant", "  The  dog")],
    [("user", "imitates"), ("assistant", "The girl."), ("user", "<|im_end|> </s>[/INST]"), ("assistant", "It was")],
    [("user", "a"), ("assistant", "<think>\nyes\n</think>\n\nThe girl."), ("user", "b"), ("assistant", "c dog")],
    [("user", "a"), ("user", "b"), ("assistant", "c")],
    [("system", "naïve 🙂"), ("user", "The dog\r\n"), ("assistant", "é")],
]


def chat_tokenizer(name, template):
    tokenizer = TOKENIZERS[name]()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", chat_template=template,
        extra_special_tokens=SPECIAL[2:])


def chats():
    rows = []
    for name, template in TEMPLATES.items():
        row = {"name": name, "template": template, "chats": []}
        for messages in CHATS:
            rows_of = [{"role": role, "content": content} for role, content in messages]
            chat = {"messages": rows_of}
            try:
                tokenizer = chat_tokenizer("legacy", template)
                asked = tokenizer.apply_chat_template(rows_of[:-1], add_generation_prompt=True, tokenize=False)
                whole = tokenizer.apply_chat_template(rows_of, tokenize=False)
                chat |= {"asked": asked, "whole": whole}
                # Control tokens in messages count for transformers, and never here.
                if messages[0][1] != "imitates":
                    chat["examples"] = examples(template, asked, whole, messages[-2][1], messages[-1][1])
            except Exception as error:
                chat["refusal"] = str(error)
            row["chats"].append(chat)
        rows.append(row)
    return rows


def examples(template, asked, whole, question, answer):
    """For each tokenizer the ids of the question and those of the example, up to the special token that ends the answer,
    and how many of them come before the continuation."""
    result = {}
    start = whole.rindex(answer) if answer in whole else whole.rindex(answer.strip())
    cut = len(os.path.commonprefix([asked, whole]))
    # What is said before the answer is never learnt, even where it is written in another way than without an answer.
    if cut < whole.rindex(question.strip(), 0, start) + len(question.strip()):
        cut = start
    while cut and whole[cut - 1] == " ":
        cut -= 1
    end = whole.rindex(answer.strip()) + len(answer.strip())
    for name in ["legacy", "first", "byte-level"]:
        tokenizer = chat_tokenizer(name, template)
        found = tokenizer._tokenizer.encode(whole, add_special_tokens=False)
        last = sum(offset <= end for _, offset in found.offsets)
        special = tokenizer.all_special_ids
        last = next(i for i in range(last, len(found.ids)) if found.ids[i] in special)
        result[name] = {
            "question": tokenizer.encode(asked, add_special_tokens=False), "ids": found.ids[: last + 1],
            "labelledFrom": sum(offset <= cut for _, offset in found.offsets)}
    return result


if __name__ == "__main__":
    os.makedirs(OUT, exist_ok=True)
    versions = {"tokenizers": tokenizers.__version__, "transformers": transformers.__version__}
    for file, rows in (("encodings", encodings()), ("chats", chats())):
        with open(f"{OUT}/{file}.json", "w", encoding="utf-8") as output:
            json.dump({"versions": versions, "rows": rows}, output, ensure_ascii=True, indent=None)
            output.write("\n")

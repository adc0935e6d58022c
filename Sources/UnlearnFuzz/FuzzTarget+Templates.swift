// Chat templates: programs of somebody else, which may be damaged or hostile.

import Foundation
import UnlearnData

extension FuzzTarget {
    /// A damaged template beside an undamaged tokenizer, asked to write conversations.
    static var chatTemplate: FuzzTarget {
        let tokenizer =
            #"{"added_tokens":[{"id":3,"content":"<s>","special":true},{"id":4,"content":"</s>","special":true}],"#
            + #""decoder":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}"#
        let settings = #"{"bos_token":"<s>","eos_token":"</s>"}"#
        return FuzzTarget(
            name: "chat_template.jinja", fileName: "chat_template.jinja", seeds: templates.map { Array($0.utf8) },
            prepare: { folder in
                try Data(tokenizer.utf8).write(to: folder.appending(path: "tokenizer.json"))
                try Data(settings.utf8).write(to: folder.appending(path: "tokenizer_config.json"))
            },
            read: { folder in
                let encoder = try ExampleEncoder(Tokenizer(huggingFace: folder))
                _ = try encoder.question("ab")
                let messages = [ChatMessage(.user, "a"), ChatMessage(.assistant, "b"), ChatMessage(.user, " ab ")]
                _ = try encoder.read(.conversation(messages + [ChatMessage(.assistant, "a b")]), parts: ["a", " b"])
            })
    }

    private static let templates = [
        """
        {%- set ns = namespace(last=messages|length - 1, text='') %}{# what stands last #}
        {%- for m in messages[::-1] if m.role != 'system' %}
            {%- if m.content is string and m['role'] in ['user', "assistant"] and not loop.last %}
                {%- set ns.last = ns.last * 3 // 2 % 7 - 1 %}{% continue %}
            {%- elif loop.index0 > 5 %}{% break %}{% endif %}
        {%- endfor %}
        {{- bos_token }}{% for m in messages %}
        {{- '<|' + m.role + '|>\\n' + (m.content | trim | replace('x', 'y')).split('</t>')[-1].lstrip('\\n') }}
        {{- eos_token if m.role == "assistant" else ns.text ~ ns.last }}{% endfor %}
        {%- if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}
        """,
        """
        {% macro turn(role, text='', end=eos_token) %}[{{ role|upper }}]{{ text }}{{ end }}{% endmacro %}
        {%- if tools is defined and tools is not none %}{{ raise_exception('no tools') }}{% endif %}
        {%- set names = {'user': 'U', 'assistant': ['A', 'B']} %}{% set block %}{{ bos_token }}{% endset %}{{ block }}
        {%- for m in messages | selectattr('role', 'equalto', 'user') | list + messages[1:] %}
        {%- generation %}{{ turn(names[m.role] | first, m.content) }}{% endgeneration %}
        {%- for key, value in m.items() %}{{ key[:2] ~ range(3) | length ~ value[-1:] }}{% endfor %}{% endfor %}
        """,
    ]
}

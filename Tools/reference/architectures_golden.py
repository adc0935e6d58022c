"""Writes Tests/Golden/{mistral,qwen2,qwen3,gpt2,gpt-neox}: the same as llama_golden.py for other architectures."""

from llama_golden import SHAPE, write_case

LLAMA_LIKE = {key: value for key, value in SHAPE.items() if key not in ("attention_bias", "mlp_bias")}

CASES = {
    # Sequences are shorter than the window, so that it hides nothing.
    "mistral": LLAMA_LIKE | {
        "architectures": ["MistralForCausalLM"], "model_type": "mistral", "head_dim": 8, "sliding_window": 64,
        "tie_word_embeddings": False, "rope_theta": 1000000.0, "dtype": "float32",
    },
    "qwen2": LLAMA_LIKE | {
        "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "tie_word_embeddings": True,
        "use_sliding_window": False, "rope_theta": 1000000.0, "dtype": "float32",
    },
    "qwen3": LLAMA_LIKE | {
        "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "head_dim": 8, "attention_bias": False,
        "tie_word_embeddings": True, "rope_theta": 1000000.0, "dtype": "float32",
    },
    "gpt2": {
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "vocab_size": 64, "n_embd": 16, "n_head": 4,
        "n_layer": 2, "n_positions": 64, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
        "attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0, "bos_token_id": 1, "eos_token_id": 2,
        "dtype": "float32",
    },
    # A quarter of each head of eight features is rotated.
    "gpt-neox": {
        "architectures": ["GPTNeoXForCausalLM"], "model_type": "gpt_neox", "vocab_size": 64, "hidden_size": 16,
        "intermediate_size": 32, "num_attention_heads": 2, "num_hidden_layers": 2, "max_position_embeddings": 64,
        "hidden_act": "gelu", "layer_norm_eps": 1e-5, "rotary_pct": 0.25, "rotary_emb_base": 10000,
        "use_parallel_residual": True, "attention_dropout": 0.0, "hidden_dropout": 0.0, "tie_word_embeddings": False,
        "bos_token_id": 1, "eos_token_id": 2, "dtype": "float32",
    },
    # The same with the blocks of GPT-2: attention first, then what follows it.
    "gpt-neox-serial": {
        "architectures": ["GPTNeoXForCausalLM"], "model_type": "gpt_neox", "vocab_size": 64, "hidden_size": 16,
        "intermediate_size": 32, "num_attention_heads": 2, "num_hidden_layers": 2, "max_position_embeddings": 64,
        "hidden_act": "gelu", "layer_norm_eps": 1e-5, "rotary_pct": 1.0, "rotary_emb_base": 10000,
        "use_parallel_residual": False, "attention_dropout": 0.0, "hidden_dropout": 0.0, "tie_word_embeddings": False,
        "bos_token_id": 1, "eos_token_id": 2, "dtype": "float32",
    },
}

if __name__ == "__main__":
    for case, settings in CASES.items():
        write_case(case, case, settings, {}, "architectures_golden")

// A model on disk: opened and checked cheaply, loaded when needed, saved so that other tools open it.

public import Foundation
public import UnlearnEngine
public import UnlearnFormats

/// A checkpoint of any supported format whose configuration has been checked. No weights are in memory.
public struct ModelDirectory {
    /// Where the model lies; of an adapter, the model that it belongs to.
    public let url: URL
    public let configuration: ConfigurationFile
    public let architecture: Architecture
    private let source: any TensorSource
    /// Adapters, the last one on top of all others.
    private let adapters: [AdapterDirectory]

    /// Opens a Hugging Face directory, the directory of a PEFT adapter, a `.gguf` file, or a llama2.c `.bin` file.
    /// - Parameters:
    ///   - cache: where the model of an adapter is looked for if no folder has its name.
    ///   - allowsQuantized: whether a model whose weights are packed is opened all the same, without them.
    public init(_ url: URL, cache: HubCache? = nil, allowsQuantized: Bool = false) throws(ModelError) {
        (self.url, adapters) = try Self.parts(of: url, cache)
        let url = self.url
        try Self.checkForm(of: url)
        (configuration, source) =
            switch url.pathExtension.lowercased() {
            case "gguf": try Self.gguf(url)
            case "bin": try Self.llama2C(url)
            default: try Self.huggingFace(url)
            }
        if !allowsQuantized { try configuration.checkUnpacked() }
        architecture = try ArchitectureCatalog.architecture(for: configuration)
        try architecture.check(configuration)
    }

    /// Where the model at `url` lies, and the adapters on the way to it.
    private static func parts(
        of url: URL, _ cache: HubCache?
    ) throws(ModelError) -> (model: URL, adapters: [AdapterDirectory]) {
        var url = url
        var adapters: [AdapterDirectory] = []
        while AdapterDirectory.isThere(url) {
            let adapter = try AdapterDirectory(url, cache: cache)
            guard !adapters.contains(where: { $0.url.standardizedFileURL == adapter.base.standardizedFileURL }) else {
                throw .key(
                    "base_model_name_or_path", path: url.path, expected: "a model other than the adapter")
            }
            adapters.insert(adapter, at: 0)
            url = adapter.base
        }
        return (url, adapters)
    }

    /// All that has weights of the model at `url`: the model itself, and the adapters upon it, which may be none.
    public static func places(of url: URL, cache: HubCache? = nil) throws(ModelError) -> [URL] {
        let (model, adapters) = try parts(of: url, cache)
        return [model] + adapters.map(\.url)
    }

    /// The folders of the adapters, the last one on top of all others; a tokenizer may lie beside them.
    public var adapterFolders: [URL] { adapters.map(\.url) }

    /// Names and shapes of the stored parameters.
    public var parameters: [(name: String, shape: Shape)] {
        source.names.compactMap { name in source.shape(of: name).map { (name, $0) } }
    }

    /// How many blocks the stored parameters belong to, by the number in their names.
    public var layerCount: Int {
        // A name may say any number: one that no model has is none.
        let blocks = source.names.compactMap { $0.split(separator: ".").lazy.compactMap { Int32($0) }.first }
        return blocks.max().map { Int($0) + 1 } ?? 0
    }

    /// Reads the weights. Adapters are merged into them.
    public func load(_ precision: Precision = .single) throws(ModelError) -> any CausalLM {
        try configuration.checkUnpacked()
        let model = try architecture.build(configuration, Weights(source, precision: precision))
        for adapter in adapters {
            try adapter.attach(to: model.parameters)
            model.parameters.mergeAll()
        }
        return model
    }

    /// That a file which is given in place of a folder can hold a whole model.
    private static func checkForm(of url: URL) throws(ModelError) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue,
            url.pathExtension.lowercased() != "gguf"
        else { return }
        let file = try ModelError.reading { () throws(FormatError) in try MappedFile(url) }
        // PyTorch's files are archives; older ones begin with a pickled number.
        let beginnings: [[UInt8]] = [[0x50, 0x4B, 3, 4], [0x80, 2, 0x8A, 10]]
        if withExtendedLifetime(file, { beginnings.contains { file.bytes.starts(with: $0) } }) {
            throw .unsupported("a file of PyTorch's own form", path: url.path, advice: SafetensorsCheckpoint.conversion)
        }
        guard url.pathExtension.lowercased() == "bin" else {
            throw .unsupported(
                "a single file of this kind", path: url.path,
                advice: "Give the folder that it lies in, a .gguf file or a llama2.c .bin file.")
        }
    }

    private static func huggingFace(_ url: URL) throws(ModelError) -> (ConfigurationFile, any TensorSource) {
        let configuration = try ConfigurationFile(modelIn: url)
        if configuration.quantization != nil { return (configuration, PackedSource(title: url.path)) }
        let checkpoint = try ModelError.reading { () throws(FormatError) in try SafetensorsCheckpoint(directory: url) }
        return (configuration, SafetensorsSource(checkpoint: checkpoint, title: url.path))
    }

    private static func gguf(_ url: URL) throws(ModelError) -> (ConfigurationFile, any TensorSource) {
        let file = try ModelError.reading { () throws(FormatError) in try GGUFFile(url) }
        let configuration = try GGUFImport.configuration(file, path: url.path)
        let query = try configuration.count("num_attention_heads")
        let key = try configuration.count("num_key_value_heads", default: query)
        let isInterleaved = try GGUFImport.family(file, path: url.path).isInterleaved
        return (configuration, GGUFSource(file, title: url.path, heads: isInterleaved ? (query, key) : nil))
    }

    private static func llama2C(_ url: URL) throws(ModelError) -> (ConfigurationFile, any TensorSource) {
        let file = try ModelError.reading { () throws(FormatError) in try Llama2C(url) }
        let configuration = ConfigurationFile(path: url.path, json: file.huggingFaceConfiguration)
        return (configuration, Llama2CSource(file: file, title: url.path))
    }
}

extension ModelDirectory {
    /// Writes `config.json`, `generation_config.json` and `model.safetensors` into an existing folder, with low-rank
    /// additions merged into the weights. What is kept in half precision is written as it is, everything else in F32.
    /// Tokenizer and model card are the callers'.
    public func save(_ parameters: ParameterStore, to folder: URL) throws(ModelError) {
        var json = configuration.json
        // What everything in the saved file fits into, whatever the source had: small changes would be rounded away by
        // a loader that takes the source's type for all.
        json["torch_dtype"] = nil
        json["dtype"] = "float32"
        let generation = generationConfiguration
        try ModelError.reading { () throws(FormatError) in
            try AtomicFile.write(json.text(.pretty) + "\n", to: folder.appending(path: "config.json"))
            try AtomicFile.write(
                generation.text(.pretty) + "\n", to: folder.appending(path: "generation_config.json"))
            try parameters.write(to: folder.appending(path: "model.safetensors"))
        }
    }

    /// The source's own generation_config.json, or one made from the ids in its configuration.
    public var generationConfiguration: JSONValue {
        if let own = try? JSONValue(contentsOf: url.appending(path: "generation_config.json")) { return own }
        var json: JSONValue = [:]
        for key in ["bos_token_id", "eos_token_id", "pad_token_id"] { json[key] = configuration.json[key] }
        return json
    }

    /// The tokens that end an answer, from generation_config.json and config.json.
    public var stopTokens: Set<Int32> {
        let stop = generationConfiguration["eos_token_id"] ?? configuration.json["eos_token_id"]
        let ids = stop?.array?.compactMap(\.int) ?? stop?.int.map { [$0] } ?? []
        return Set(ids.compactMap { Int32(exactly: $0) })
    }
}

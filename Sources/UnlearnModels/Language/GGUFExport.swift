// A model of the Llama family as a GGUF file that llama.cpp and its kin open.

public import Foundation
public import UnlearnEngine
public import UnlearnFormats

public enum GGUFExport {
    /// Writes the model that was loaded from `directory`; the file appears when it is complete.
    /// - Parameters:
    ///   - parameters: its parameters, in which low-rank additions are merged.
    ///   - tokenizer: the metadata that describe its tokenizer.
    ///   - name: what the file calls the model; nil: as its folder is called.
    ///   - license: the name of the licence that the file declares.
    ///   - type: of all matrices; vectors stay single precision, and what has no whole blocks becomes half precision.
    public static func write(
        _ parameters: ParameterStore, of directory: ModelDirectory, tokenizer: [(key: String, value: GGUFValue)],
        as type: GGMLType, named name: String? = nil, license: String? = nil, to url: URL
    ) throws(ModelError) {
        let (family, numbers) = try check(directory)
        var tensors: [(name: String, tensor: GGUFWriter.Tensor)] = []
        for name in parameters.names {
            guard let ggufName = LlamaNames.gguf(huggingFace: name) else {
                throw .unsupported("the tensor '\(name)'", path: directory.url.path, advice: "GGUF has no name for it.")
            }
            let shape = parameters[name].shape
            tensors.append((name, GGUFWriter.Tensor(ggufName, storedType(shape, type), shape)))
        }
        let table = numbers.rotaryDivisors
        let tableTensor = table.map { GGUFWriter.Tensor(GGUFImport.rotaryTable, .f32, [$0.count]) }
        let metadata =
            self.metadata(
                family, numbers, name: name ?? directory.url.lastPathComponent, license: license, type) + tokenizer
        try ModelError.reading { () throws(FormatError) in
            var writer = try GGUFWriter(
                url, metadata: metadata, (tableTensor.map { [$0] } ?? []) + tensors.map(\.tensor))
            if let table { try writer.append(Tensor(table)) }
            for (name, _) in tensors {
                let tensor = withoutRecording { parameters.merged(name).contiguous() }
                guard family.isInterleaved, RotaryLayout.applies(to: name) else {
                    try writer.append(tensor)
                    continue
                }
                let heads = name.contains("q_proj") ? numbers.headCount : numbers.sharedHeadCount
                try writer.append(permuted(tensor, heads: heads))
            }
            try writer.commit()
        }
    }

    /// That a model can be written at all, before its weights are read.
    @discardableResult
    public static func checkArchitecture(_ directory: ModelDirectory) throws(ModelError) -> String {
        try check(directory).family.name
    }

    private static func check(
        _ directory: ModelDirectory
    ) throws(ModelError) -> (family: GGUFFamily, numbers: LlamaConfiguration) {
        let type = directory.configuration.json["model_type"]?.string ?? ""
        guard let family = GGUFFamily.all.first(where: { $0.modelTypes.contains(type) }),
            let numbers = directory.architecture.llama
        else {
            throw .unsupported(
                "writing the architecture '\(directory.architecture.name)' as GGUF", path: directory.url.path,
                advice: "Supported are \(GGUFFamily.all.flatMap(\.modelTypes).joined(separator: ", ")).")
        }
        return (family, try numbers(directory.configuration))
    }

    /// A copy with rows in the order of Llama's GGUF files.
    private static func permuted(_ tensor: Tensor, heads: Int) -> Tensor {
        let copy = withoutRecording { tensor + 0 }
        let shape = copy.shape
        copy.withMutableBytes {
            RotaryLayout.permute(
                $0.bindMemory(to: Float.self), heads: heads, rows: shape[0], columns: shape.count > 1 ? shape[1] : 1)
        }
        return copy
    }

    /// In which type a tensor of a shape is stored in a file of a type.
    public static func storedType(_ shape: Shape, _ type: GGMLType) -> GGMLType {
        guard shape.count > 1 else { return .f32 }
        return (shape.last ?? 0) % type.blockSize == 0 ? type : .f16
    }

    private static func metadata(
        _ family: GGUFFamily, _ c: LlamaConfiguration, name: String, license: String?, _ type: GGMLType
    ) -> [(key: String, value: GGUFValue)] {
        // llama.cpp's numbers for files of mostly this type.
        let fileType = [GGMLType.f32: 0, .f16: 1, .q40: 2, .q80: 7][type] ?? 0
        let general: [(String, GGUFValue)] =
            [
                ("architecture", .string(family.name)), ("type", .string("model")), ("name", .string(name)),
                ("file_type", .int(fileType)), ("quantization_version", .int(2)),
            ] + (license.map { [("license", .string($0))] } ?? [])
        var model: [(String, GGUFValue)] = [
            ("vocab_size", .int(c.vocabularyCount)), ("context_length", .int(c.contextLength)),
            ("embedding_length", .int(c.width)), ("block_count", .int(c.layerCount)),
            ("feed_forward_length", .int(c.feedForwardWidth)), ("attention.head_count", .int(c.headCount)),
            ("attention.head_count_kv", .int(c.sharedHeadCount)), ("attention.key_length", .int(c.headWidth)),
            ("attention.value_length", .int(c.headWidth)), ("rope.dimension_count", .int(c.headWidth)),
            ("rope.freq_base", .float(Float(c.rotaryBase))),
            ("attention.layer_norm_rms_epsilon", .float(Float(c.normEpsilon))),
        ]
        if case .linear(let factor) = c.rotaryScaling {
            model += [("rope.scaling.type", .string("linear")), ("rope.scaling.factor", .float(Float(factor)))]
        }
        return general.map { ("general." + $0, $1) } + model.map { (family.name + "." + $0, $1) }
    }
}

extension LlamaConfiguration {
    /// By how much each rotary frequency is divided, for what GGUF says by a table of these numbers alone.
    fileprivate var rotaryDivisors: [Float]? {
        guard let rotaryScaling, case .llama3 = rotaryScaling else { return nil }
        return Rotary(width: headWidth, base: rotaryBase).frequencies.map {
            Float($0 / rotaryScaling.stretched($0))
        }
    }
}

extension GGUFWriter {
    fileprivate mutating func append(_ tensor: UnlearnEngine.Tensor) throws(FormatError) {
        try tensor.withBytes { (bytes) throws(FormatError) in try append(bytes.bindMemory(to: Float.self)) }
    }
}

// TAESD as its authors publish it: a file for the encoder and one for the decoder, layers numbered from the start, and
// no configuration, which follows from the tensors.

internal import Foundation
internal import UnlearnEngine
internal import UnlearnFormats

/// `NAME_encoder.safetensors` and `NAME_decoder.safetensors`.
struct SequentialFiles {
    let encoder: URL
    let decoder: URL

    /// The pair in a folder without config.json; nil unless there is exactly one.
    init?(in folder: URL) {
        let ending = "_encoder.safetensors"
        guard !FileManager.default.fileExists(atPath: folder.appending(path: "config.json").path),
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        else { return nil }
        let pairs = names.filter { $0.hasSuffix(ending) }.map {
            ($0, $0.dropLast(ending.count) + "_decoder.safetensors")
        }
        .filter { names.contains($0.1) }
        guard pairs.count == 1 else { return nil }
        encoder = folder.appending(path: pairs[0].0)
        decoder = folder.appending(path: pairs[0].1)
    }
}

extension TinyAutoencoder {
    static func load(_ files: SequentialFiles) throws(ModelError) -> TinyAutoencoder {
        let source = try SequentialSource(files)
        do throws(CheckpointError) {
            return try TinyAutoencoder(try source.configuration(), Weights(source))
        } catch { throw .checkpoint(error) }
    }
}

/// Both files under diffusers' names.
private struct SequentialSource: TensorSource {
    /// diffusers limits the features before the decoder's first layer, where the published file counts a layer of its
    /// own.
    private static let decoderOffset = 1

    let title: String
    let names: [String]
    private let parts: [String: (source: SafetensorsSource, name: String)]

    init(_ files: SequentialFiles) throws(ModelError) {
        var names: [String] = []
        var parts: [String: (SafetensorsSource, String)] = [:]
        for (part, url, offset) in [("encoder", files.encoder, 0), ("decoder", files.decoder, Self.decoderOffset)] {
            let checkpoint = try ModelError.reading { () throws(FormatError) in try SafetensorsCheckpoint(file: url) }
            let source = SafetensorsSource(checkpoint: checkpoint, title: url.path)
            for name in checkpoint.names {
                let pieces = name.split(separator: ".", maxSplits: 1)
                guard pieces.count == 2, let layer = pieces.first.flatMap({ Int($0) }), layer >= offset else {
                    throw .checkpoint(.unread(names: [name], source: url.path))
                }
                let own = "\(part).layers.\(layer - offset).\(pieces[1])"
                names.append(own)
                parts[own] = (source, name)
            }
        }
        title = files.encoder.path + " and " + files.decoder.path
        (self.names, self.parts) = (names, parts)
    }

    func shape(of name: String) -> Shape? { parts[name].flatMap { $0.source.shape(of: $0.name) } }

    func load(_ name: String, as precision: Precision) throws(CheckpointError) -> Tensor {
        guard let part = parts[name] else { throw .missing(name: name, source: title) }
        return try part.source.load(part.name, as: precision)
    }

    /// The numbers that the tensors' shapes imply; whether the tensors then are all there, the model finds out.
    func configuration() throws(CheckpointError) -> TinyAutoencoderConfiguration {
        let (encoder, decoder) = (stages("encoder"), stages("decoder"))
        guard let first = encoder.convolutions.first, let latent = encoder.convolutions.last,
            let last = decoder.convolutions.last, encoder.convolutions.count > 1, decoder.convolutions.count > 1
        else { throw .missing(name: "encoder.layers.0.weight", source: title) }
        return TinyAutoencoderConfiguration(
            inputShape: ImageShape(
                channels: first.inputs, height: TinyAutoencoderConfiguration.usualSide,
                width: TinyAutoencoderConfiguration.usualSide), outputChannels: last.outputs,
            latentChannels: latent.outputs, encoderWidths: encoder.convolutions.dropLast().map(\.outputs),
            decoderWidths: decoder.convolutions.dropLast().map(\.outputs),
            encoderBlocks: encoder.blocks.dropLast(), decoderBlocks: decoder.blocks.dropLast(),
            hasMiddleNorm: names.contains { $0.contains(".pool.") })
    }

    /// The convolutions between blocks, and how many blocks follow each.
    private func stages(_ part: String) -> (convolutions: [(inputs: Int, outputs: Int)], blocks: [Int]) {
        let prefix = part + ".layers."
        let layers = Set(
            names.filter { $0.hasPrefix(prefix) }.compactMap { Int($0.dropFirst(prefix.count).prefix { $0 != "." }) })
        var convolutions: [(Int, Int)] = []
        var blocks: [Int] = []
        for layer in layers.sorted() {
            if let shape = shape(of: "\(prefix)\(layer).weight"), shape.count == 4 {
                convolutions.append((shape[1], shape[0]))
                blocks.append(0)
            } else if !blocks.isEmpty {
                blocks[blocks.count - 1] += 1
            }
        }
        return (convolutions, blocks)
    }
}

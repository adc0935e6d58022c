// SHA-256 fingerprints of files and models: what shows that two runs used, or made, the same thing.
import Crypto
public import Foundation
import UnlearnFormats

/// Fingerprints as lower-case hexadecimal SHA-256.
public enum Fingerprint {
    /// The fingerprint of a file, read through memory mapping.
    public static func sha256(of url: URL) throws(KitError) -> String {
        var hasher = SHA256()
        _ = try update(&hasher, with: url)
        return hexadecimal(hasher.finalize())
    }

    public static func sha256(of data: Data) -> String {
        hexadecimal(SHA256.hash(data: data))
    }

    /// A file's fingerprint and size, under the name that provenance shows.
    public static func digest(of url: URL, named name: String? = nil) throws(KitError) -> Provenance.FileDigest {
        var hasher = SHA256()
        let bytes = try update(&hasher, with: url)
        return Provenance.FileDigest(
            path: name ?? url.lastPathComponent, bytes: bytes, sha256: hexadecimal(hasher.finalize()))
    }

    /// The fingerprint of a model: SHA-256 over the bytes of its .safetensors files, in the order of their names.
    /// Two directories with the same weights in the same files have the same one.
    public static func modelHash(of directory: URL) throws(KitError) -> String {
        var hasher = SHA256()
        for name in try weightFiles(in: directory) {
            _ = try update(&hasher, with: directory.appendingPathComponent(name))
        }
        return hexadecimal(hasher.finalize())
    }

    /// The model's fingerprint and that of each of its weight files. A model in a single file is that file.
    public static func model(
        at directory: URL
    ) throws(KitError) -> (hash: String, files: [Provenance.FileDigest]) {
        if ModelFormat(directory) != .huggingFace {
            let digest = try digest(of: directory, named: directory.lastPathComponent)
            return (digest.sha256, [digest])
        }
        var whole = SHA256()
        var files: [Provenance.FileDigest] = []
        for name in try weightFiles(in: directory) {
            let file = directory.appendingPathComponent(name)
            // After the first file, the whole's state is that file's own: a model in one file is read once.
            let isFirst = files.isEmpty
            let bytes = try update(&whole, with: file)
            let digest = isFirst ? hexadecimal(whole.finalize()) : try sha256(of: file)
            files.append(Provenance.FileDigest(path: name, bytes: bytes, sha256: digest))
        }
        return (hexadecimal(whole.finalize()), files)
    }

    private static func weightFiles(in directory: URL) throws(KitError) -> [String] {
        let names = try KitError.system("read the folder", directory) {
            try FileManager.default.contentsOfDirectory(atPath: directory.path)
        }
        let weights = names.filter { $0.hasSuffix(".safetensors") }.sorted()
        guard !weights.isEmpty else { throw .noWeights(path: directory.path) }
        return weights
    }

    private static func update(_ hasher: inout SHA256, with url: URL) throws(KitError) -> Int {
        let file: MappedFile
        do {
            file = try MappedFile(url)
        } catch .empty {
            return 0
        } catch {
            throw .file(error)
        }
        file.forEachPart { hasher.update(bufferPointer: $0) }
        return file.count
    }

    private static func hexadecimal(_ digest: SHA256.Digest) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in digest { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}

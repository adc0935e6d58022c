// SHA-256 fingerprints of files and models: what shows that two runs used, or made, the same thing.
internal import COpenSSL
public import Foundation
import UnlearnFormats
public import UnlearnModels

/// Fingerprints as lower-case hexadecimal SHA-256.
public enum Fingerprint {
    /// The fingerprint of a file, read through memory mapping.
    public static func sha256(of url: URL) throws -> String {
        let hasher = SHA256()
        _ = try update(hasher, with: url)
        return hasher.hexadecimal
    }

    public static func sha256(of data: Data) -> String {
        let hasher = SHA256()
        data.withUnsafeBytes { hasher.update($0) }
        return hasher.hexadecimal
    }

    /// A file's fingerprint and size, under the name that provenance shows.
    public static func digest(of url: URL, named name: String? = nil) throws -> Provenance.FileDigest {
        let hasher = SHA256()
        let bytes = try update(hasher, with: url)
        return Provenance.FileDigest(
            path: name ?? url.lastPathComponent, bytes: bytes, sha256: hasher.hexadecimal)
    }

    /// The fingerprint of a model: SHA-256 over the bytes of its files of weights. Those of a directory are in the order
    /// of their names, the parts of a GGUF file in their own, those of an adapter behind those of its model. Models of the
    /// same files have the same fingerprint.
    /// - Parameter cache: where the model of an adapter is looked for if no folder has its name.
    public static func modelHash(of model: URL, cache: HubCache? = nil) throws -> String {
        let hasher = SHA256()
        for file in try weightFiles(of: model, cache) { _ = try update(hasher, with: file) }
        return hasher.hexadecimal
    }

    /// The model's fingerprint and that of each of its files of weights. A model in a single file is that file.
    public static func model(
        at url: URL, cache: HubCache? = nil
    ) throws -> (hash: String, files: [Provenance.FileDigest]) {
        let whole = SHA256()
        var files: [Provenance.FileDigest] = []
        for file in try weightFiles(of: url, cache) {
            // After the first file, the whole's state is that file's own: a model in one file is read once.
            let isFirst = files.isEmpty
            let bytes = try update(whole, with: file)
            let digest = isFirst ? whole.hexadecimal : try sha256(of: file)
            files.append(Provenance.FileDigest(path: file.lastPathComponent, bytes: bytes, sha256: digest))
        }
        return (whole.hexadecimal, files)
    }

    private static func weightFiles(of model: URL, _ cache: HubCache?) throws -> [URL] {
        let places = try ModelDirectory.places(of: model, cache: cache)
        var files: [URL] = []
        for place in places { files += try weightFiles(at: place) }
        return files
    }

    private static func weightFiles(at model: URL) throws -> [URL] {
        switch ModelFormat(model) {
        case .llama2C: return [model]
        case .gguf: return try GGUFFile(model).files.map(\.url)
        case .huggingFace: break
        }
        let names = try systemCall("read the folder", model) {
            try FileManager.default.contentsOfDirectory(atPath: model.path)
        }
        let weights = names.filter { $0.hasSuffix(".safetensors") }.sorted()
        guard !weights.isEmpty else { throw KitError.noWeights(path: model.path) }
        return weights.map { model.appendingPathComponent($0) }
    }

    private static func update(_ hasher: SHA256, with url: URL) throws -> Int {
        let file: MappedFile
        do { file = try MappedFile(url) } catch .empty { return 0 }
        file.forEachPart { hasher.update($0) }
        return file.count
    }
}

/// SHA-256 by OpenSSL, of bytes that come in parts. Its calls fail only without memory or without the algorithm.
private final class SHA256 {
    private let context: OpaquePointer

    init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("SHA256: OpenSSL offers no SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    func update(_ bytes: UnsafeRawBufferPointer) {
        let status = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(status == 1, "SHA256: OpenSSL took no bytes")
    }

    /// The digest of what has come so far; more may follow.
    var hexadecimal: String {
        let copy = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(copy) }
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard EVP_MD_CTX_copy_ex(copy, context) == 1, EVP_DigestFinal_ex(copy, &digest, &count) == 1 else {
            preconditionFailure("SHA256: OpenSSL gave no digest")
        }
        let digits = Array("0123456789abcdef".utf8)
        let text = digest.prefix(Int(count)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}

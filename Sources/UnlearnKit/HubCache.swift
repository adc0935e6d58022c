// Models by name: where Hugging Face's libraries keep what they have downloaded. Nothing is downloaded here.

public import Foundation
import UnlearnFormats

/// The user's local cache of models.
public struct HubCache: Sendable {
    /// The folder with a folder `models--ORG--NAME` for each model.
    public let url: URL

    /// As huggingface_hub finds it: by `HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`, or in the home folder.
    /// - Parameter environment: the variables of the environment.
    public init(environment: [String: String], home: URL) {
        func folder(_ key: String) -> URL? {
            guard let path = environment[key], !path.isEmpty else { return nil }
            return path.hasPrefix("~/") ? home.appending(path: path.dropFirst(2)) : URL(filePath: path)
        }
        let caches = folder("XDG_CACHE_HOME") ?? home.appending(path: ".cache")
        url =
            folder("HF_HUB_CACHE") ?? folder("HUGGINGFACE_HUB_CACHE")
            ?? (folder("HF_HOME") ?? caches.appending(path: "huggingface")).appending(path: "hub")
    }

    /// The path that a user means: what is there as it stands; else the newest snapshot of the model of that name.
    /// - Throws: ``KitError/notCached(name:cache:)`` for what looks like a model's name and is nowhere.
    public func path(of text: String) throws(KitError) -> String {
        guard !FileManager.default.fileExists(atPath: text), let words = Self.words(of: text) else { return text }
        let folder = url.appending(path: (["models"] + words).joined(separator: "--"))
        guard FileManager.default.fileExists(atPath: folder.path) else {
            // A single word is rather a file that is missing.
            guard words.count == 2 else { return text }
            throw .notCached(name: text, cache: url.path)
        }
        let snapshots = folder.appending(path: "snapshots")
        guard let revision = try? String(contentsOf: folder.appending(path: "refs/main"), encoding: .utf8) else {
            throw .noSnapshot(name: text, folder: folder.path)
        }
        let hash = revision.trimmingCharacters(in: .whitespacesAndNewlines)
        let snapshot = snapshots.appending(path: hash)
        guard !hash.isEmpty, !hash.contains("/"), hash != "..", FileManager.default.fileExists(atPath: snapshot.path)
        else { throw .noSnapshot(name: text, folder: folder.path) }
        return snapshot.path
    }

    /// The name of the model whose snapshot a folder is; nil for other folders.
    public static func name(of folder: URL) -> String? {
        let parts = folder.standardizedFileURL.pathComponents
        guard parts.count >= 3, parts[parts.count - 2] == "snapshots" else { return nil }
        let words = parts[parts.count - 3].components(separatedBy: "--")
        return words.count >= 2 && words[0] == "models" ? words.dropFirst().joined(separator: "/") : nil
    }

    /// ORG and NAME, or NAME alone; nil for what can only be a path.
    private static func words(of text: String) -> [String]? {
        let words = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let isName = words.allSatisfy { word in
            word.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]*/) != nil && !word.contains("--")
        }
        let isFile = text.hasSuffix(".gguf") || text.hasSuffix(".bin")
        return isName && !isFile && words.count <= 2 ? words : nil
    }
}

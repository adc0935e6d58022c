// Models by name: where Hugging Face's libraries keep what they have downloaded. Nothing is downloaded here.

public import Foundation

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
    /// - Throws: ``ModelError/notCached(name:cache:)`` for what looks like a model's name and is nowhere.
    public func path(of text: String) throws(ModelError) -> String {
        guard !FileManager.default.fileExists(atPath: text), let words = Self.words(of: text) else { return text }
        // A single word that is no name here is rather a file that is missing.
        if words.count == 1, !FileManager.default.fileExists(atPath: folder(of: words).path) { return text }
        return try snapshot(of: text)?.path ?? text
    }

    /// A snapshot of the model of that name; nil for what can only be a path.
    /// - Parameter revision: a branch, a tag or a commit; nil for the newest one.
    func snapshot(of text: String, revision: String? = nil) throws(ModelError) -> URL? {
        guard let words = Self.words(of: text) else { return nil }
        let folder = folder(of: words)
        guard FileManager.default.fileExists(atPath: folder.path) else {
            throw .notCached(name: text, cache: url.path)
        }
        func isPlain(_ name: String) -> Bool { name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]*/) != nil }
        let name = revision ?? "main"
        // A branch or a tag has a file with the commit; a commit is the folder itself.
        let reference =
            isPlain(name) ? try? String(contentsOf: folder.appending(path: "refs/\(name)"), encoding: .utf8) : nil
        let commit = (reference ?? name).trimmingCharacters(in: .whitespacesAndNewlines)
        let snapshot = folder.appending(path: "snapshots/\(commit)")
        guard isPlain(commit), FileManager.default.fileExists(atPath: snapshot.path) else {
            throw .noSnapshot(name: text, revision: revision, folder: folder.path)
        }
        return snapshot
    }

    private func folder(of words: [String]) -> URL {
        url.appending(path: (["models"] + words).joined(separator: "--"))
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

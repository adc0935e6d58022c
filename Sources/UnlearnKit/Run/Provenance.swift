// Where a result comes from: versions, seed, platform, and fingerprints of everything that went in.

import Foundation
import UnlearnEngine
import UnlearnModels

/// What is needed to tell whether two runs are the same, and to repeat one.
public struct Provenance: Codable, Sendable, Equatable {
    /// A file and its SHA-256.
    public struct FileDigest: Codable, Sendable, Equatable {
        public var path: String
        public var bytes: Int
        public var sha256: String
    }

    public var toolVersion: String
    public var swiftVersion: String
    public var libtorchVersion: String
    public var platform = Self.currentPlatform
    public var threads: Int
    public var seed: UInt64
    /// The method and the subject (or the forget set's name) of the run.
    public var method: String
    public var subject: String
    /// Whether the new answers are invented or admit not knowing; nil where the method does not choose.
    public var answer: String?
    /// The model that went in: its place, its fingerprint, its files.
    public var model: String
    public var modelHash: String
    public var modelFiles: [FileDigest] = []
    public var dataFiles: [FileDigest] = []
    /// The fingerprint of the model that came out, once it is saved.
    public var resultHash: String?
}

extension Provenance {
    /// Of a run that starts from no model, here and now.
    init(toolVersion: String, seed: UInt64, method: String, subject: String) {
        self.init(
            toolVersion: toolVersion, swiftVersion: Runtime.swiftVersion, libtorchVersion: Runtime.libtorchVersion,
            threads: Runtime.threads, seed: seed, method: method, subject: subject, model: "", modelHash: "")
    }

    /// Of a run that starts from the model at `source` and from data files.
    init(
        of source: URL, cache: HubCache? = nil, data: [String], toolVersion: String, seed: UInt64, method: String,
        subject: String,
        answer: String? = nil
    ) throws {
        let model = try Fingerprint.model(at: source, cache: cache)
        var files: [FileDigest] = []
        for path in data { files.append(try Fingerprint.digest(of: URL(filePath: path))) }
        self.init(
            toolVersion: toolVersion, swiftVersion: Runtime.swiftVersion, libtorchVersion: Runtime.libtorchVersion,
            threads: Runtime.threads, seed: seed, method: method, subject: subject, answer: answer,
            model: HubCache.name(of: source) ?? Self.name(ofModelAt: source), modelHash: model.hash,
            modelFiles: model.files, dataFiles: files)
    }

    /// The folder's name; the model of a run is known by the run's.
    static func name(ofModelAt source: URL) -> String {
        let run = source.deletingLastPathComponent()
        let isOfRun = source.lastPathComponent == "model" && RunDirectory.isThere(run)
        return (isOfRun ? run : source).lastPathComponent
    }

    /// The operating system and processor this program was built for, such as "linux x86_64".
    public static var currentPlatform: String {
        #if os(macOS)
            let system = "macos"
        #elseif os(Linux)
            let system = "linux"
        #else
            let system = "other"
        #endif
        #if arch(x86_64)
            return system + " x86_64"
        #elseif arch(arm64)
            return system + " arm64"
        #else
            return system + " other"
        #endif
    }
}

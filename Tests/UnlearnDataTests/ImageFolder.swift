// A folder of small images for a test, made from golden pictures.

import Foundation

@testable import UnlearnData

/// A folder that disappears with the test that made it.
final class ImageFolder {
    static let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden/images")
    let url = FileManager.default.temporaryDirectory.appending(path: "unlearn-images-\(UUID().uuidString)")

    init(_ files: [String: Data] = [:]) throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        for (name, data) in files {
            let file = url.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try data.write(to: file)
        }
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// The bytes of a golden picture.
    static func bytes(_ name: String = "picture.png") throws -> Data {
        try Data(contentsOf: golden.appending(path: name))
    }

    /// One golden picture under several names.
    static func pictures(_ names: String...) throws -> ImageFolder {
        let data = try bytes()
        return try ImageFolder(Dictionary(uniqueKeysWithValues: names.map { ($0, data) }))
    }

    func write(_ text: String, _ name: String) throws { try Data(text.utf8).write(to: url.appending(path: name)) }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path(name), withDestinationPath: target)
    }

    func path(_ name: String) -> String { url.path + "/" + name }

    /// What is read here, with labels from file names if there is a pattern.
    func read(_ pattern: String = "") throws -> ImageSet {
        var options = ImageOptions()
        options.labelPattern = pattern
        return try ImageReader(options).read(url)
    }
}

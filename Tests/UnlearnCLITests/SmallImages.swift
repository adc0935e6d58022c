// Small images that the tests of the command line make for themselves.

import Foundation
import UnlearnData

/// IDX files of noisy grey images of 8 × 8 pixels in three classes of different brightness.
enum SmallImages {
    static func write(_ folder: TemporaryFolder) throws {
        var state: UInt64 = 7
        func noise() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33) % 90
        }
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "images"), withIntermediateDirectories: true)
        for (prefix, count) in [("train", 120), ("t10k", 30)] {
            var images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, 8, 0, 0, 0, 8]
            var labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, UInt8(count)]
            for index in 0..<count {
                labels.append(UInt8(index % 3))
                for _ in 0..<64 { images.append(noise() + UInt8(index % 3) * 40) }
            }
            try Data(images).write(to: folder.url.appending(path: "images/\(prefix)-images-idx3-ubyte"))
            try Data(labels).write(to: folder.url.appending(path: "images/\(prefix)-labels-idx1-ubyte"))
        }
    }

    /// How a folder says what its pictures show.
    enum Layout: CaseIterable {
        case folders, table, fileNames

        var arguments: [String] { self == .fileNames ? ["--label-pattern", "{label}_*"] : [] }
    }

    /// Pictures of 8 × 8 pixels in the folder `images`, dark and light by turns, all of them different.
    static func write(_ count: Int, _ layout: Layout, _ folder: TemporaryFolder) throws {
        var table = "file,label\n"
        for index in 0..<count {
            let label = ["dark", "light"][index % 2]
            let name = layout == .folders ? "\(label)/\(index).png" : "\(label)_\(index).png"
            table += "\(name),\(label)\n"
            let pixels = (0..<192).map { UInt8(index % 2 * 120 + ($0 * 7 + index) % 100) }
            let file = folder.url.appending(path: "images/\(name)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(Image(width: 8, height: 8, channels: 3, pixels: pixels).png()).write(to: file)
        }
        if layout == .table { try folder.write(table, "images/labels.csv") }
    }
}

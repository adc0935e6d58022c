// Small images that the tests of the command line make for themselves.

import Foundation

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
}

// Splits of images: disjoint, complete, fixed by the seed, and chosen as asked.

import Foundation
import Testing
import UnlearnData

@Suite struct ImageSplitTests {
    private let set = ImageSet(
        width: 1, height: 1, channels: 1, pixels: [UInt8](repeating: 0, count: 100), labels: (0..<100).map { $0 % 4 },
        names: (0..<100).map { "\($0).png" }, classNames: ["a", "b", "c", "d"])

    private func splits(_ edit: (inout ForgetChoice) -> Void = { _ in }, seed: UInt64 = 0) throws -> ImageSplits {
        var choice = ForgetChoice()
        choice.share = 0.1
        edit(&choice)
        return try ImageSplits(set, SplitOptions(), choice, seed: seed)
    }

    @Test func splitsAreDisjointAndComplete() throws {
        let splits = try splits()
        let all = splits.forget + splits.retain + splits.validation + splits.test
        #expect(all.sorted() == Array(0..<100))
        #expect((splits.forget.count, splits.test.count, splits.validation.count) == (8, 10, 10))
        #expect(splits.train == (splits.forget + splits.retain).sorted())
    }

    @Test func oneSeedIsOneSplit() throws {
        #expect(try splits() == splits())
        #expect(try splits() != splits(seed: 1))
    }

    @Test func aClassIsForgottenWhole() throws {
        let splits = try splits { $0.className = "b" }
        #expect(splits.forget.allSatisfy { set.labels[$0] == 1 })
        #expect(!splits.retain.contains { set.labels[$0] == 1 })
        #expect(splits.forgetsWholeClasses)
        #expect(!splits.test.contains { set.labels[$0] == 1 })
        #expect(!splits.unseen.isEmpty && splits.unseen.allSatisfy { set.labels[$0] == 1 })
        #expect(throws: DataError.unknownClass(name: "e", known: ["a", "b", "c", "d"])) {
            try self.splits { $0.className = "e" }
        }
    }

    @Test func unseenImagesAreOfTheForgottenClasses() throws {
        let splits = try splits()
        let classes = Set(splits.forget.map { set.labels[$0] })
        #expect(!splits.forgetsWholeClasses)
        #expect(splits.unseen == splits.test.filter { classes.contains(set.labels[$0]) })
    }

    @Test func filesAreForgottenWhereTheyAreTrainedOn() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "unlearn-names-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data((0..<20).map { "\($0).png\n" }.joined().utf8).write(to: file)
        let splits = try splits { $0.files = file.path }
        #expect(splits.forget.allSatisfy { $0 < 20 } && splits.retain.allSatisfy { $0 >= 20 })
        try Data("5.png\nnone.png\n".utf8).write(to: file)
        #expect(throws: DataError.unknownImage(name: "none.png", path: file.path, line: 2)) {
            try self.splits { $0.files = file.path }
        }
    }

    @Test func nothingToForgetIsSaid() {
        #expect(throws: DataError.emptySplit(forget: 0, retain: 80, test: 10)) {
            try self.splits { $0.share = 0 }
        }
    }

    /// Images of one pixel in classes that take turns.
    private func images(_ pixels: [UInt8], classes: Int = 2) -> ImageSet {
        ImageSet(
            width: 1, height: 1, channels: 1, pixels: pixels, labels: pixels.indices.map { $0 % classes },
            names: pixels.indices.map { "\($0).png" }, classNames: (0..<classes).map(String.init))
    }

    @Test(arguments: 2...25) func trainingNeedsOneImageToTrainOnAndOneToTestOn(count: Int) throws {
        let images = images((0..<count).map { UInt8($0) })
        let splits = try ImageSplits(images, SplitOptions(), nil, seed: 0)
        #expect(splits.forget.isEmpty && splits.unseen.isEmpty)
        #expect((splits.retain + splits.validation + splits.test).sorted() == Array(0..<count))
        #expect(splits.test.count == max(1, Int((Double(count) * 0.1).rounded())))
        // What is tested on does not depend on what is forgotten later.
        var choice = ForgetChoice()
        choice.share = 0.2
        if count > 10 {
            #expect(try ImageSplits(images, SplitOptions(), choice, seed: 0).train == splits.train)
        }
    }

    @Test func oneImageIsTooFew() {
        let error = #expect(throws: DataError.self) {
            try ImageSplits(images([1]), SplitOptions(), nil, seed: 0)
        }
        #expect(
            error?.description
                == "There are 0 images to train on and 1 to test on; each must be at least one. Give more images.")
    }

    @Test func keptCopiesOfForgottenImagesAreSaid() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "unlearn-names-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        // 100 images, of which ten look like the first.
        let images = images((0..<100).map { $0 % 10 == 0 ? 200 : UInt8($0) })
        let apart = try ImageSplits(images, SplitOptions(), nil, seed: 0)
        let copies = apart.train.filter { $0 % 10 == 0 }
        let others = (apart.train + apart.validation).sorted().filter { $0 % 10 == 0 && $0 != copies[0] }
        let lost = try #require(apart.test.first { $0 % 10 != 0 })
        // Spellings of one path, white space, and an image that was not trained on.
        let list = "./\(copies[0]).png\r\n\r\n \(copies[0]).png \r\n\(lost).png"
        try Data(("\u{FEFF}" + list).utf8).write(to: file)
        var choice = ForgetChoice()
        choice.files = file.path
        let splits = try ImageSplits(images, SplitOptions(), choice, seed: 0)
        #expect(splits.forget == [copies[0]])
        #expect(
            splits.notices == [
                .notTrained(count: 1, listed: 2, path: file.path),
                .keptCopies(
                    count: others.count, name: "\(others[0]).png", forgotten: "\(copies[0]).png"),
            ])
    }

    /// The image itself was not learnt, but its copy is.
    @Test func aCopyOfAnImageThatWasNotTrainedOnIsSaidToo() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "unlearn-names-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        var pixels = (0..<100).map { UInt8($0) }
        let apart = try ImageSplits(images(pixels), SplitOptions(), nil, seed: 0)
        let (held, copy) = (apart.test[0], apart.train[5])
        pixels[copy] = pixels[held]
        try Data("\(held).png\n\(apart.train[0]).png".utf8).write(to: file)
        var choice = ForgetChoice()
        choice.files = file.path
        #expect(
            try ImageSplits(images(pixels), SplitOptions(), choice, seed: 0).notices == [
                .notTrained(count: 1, listed: 2, path: file.path),
                .keptCopies(count: 1, name: "\(copy).png", forgotten: "\(held).png"),
            ])
    }

    @Test func anImageIsNoCopyOfItself() throws {
        var choice = ForgetChoice()
        choice.className = "1"
        let splits = try ImageSplits(images((0..<100).map { UInt8($0) }), SplitOptions(), choice, seed: 0)
        #expect(splits.validation.contains { $0 % 2 == 1 } && splits.notices == [])
    }

    @Test func anImageIsFoundByItsOtherNames() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "unlearn-names-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        var images = images((0..<100).map { UInt8($0) })
        let place = try ImageSplits(images, SplitOptions(), nil, seed: 3).train[7]
        images.otherNames = ["a\u{2028}b .png ": place]
        try Data("a\u{2028}b .png \n".utf8).write(to: file)
        var choice = ForgetChoice()
        choice.files = file.path
        #expect(try ImageSplits(images, SplitOptions(), choice, seed: 3).forget == [place])
    }

    @Test func testImagesOfTheirOwnStandApart() throws {
        let splits = try ImageSplits(set, testFrom: 70, SplitOptions(), ForgetChoice(), seed: 0)
        #expect(splits.test == Array(70..<100))
        #expect(splits.validation.count == 7 && splits.validation.allSatisfy { $0 < 70 })
    }
}

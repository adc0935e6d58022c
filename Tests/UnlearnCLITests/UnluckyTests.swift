// A full disk, a read-only folder, weights that are no numbers: one sentence, and nothing lost.

import Foundation
import Testing
import UnlearnFormats

@Suite struct UnluckyTests {
    /// Runs the program under the shell, which can limit it and send its output anywhere.
    private func run(_ command: String, in folder: TemporaryFolder) throws -> (status: Int32, error: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command.replacing("unlearn ", with: "'\(Binary.url.path)' ")]
        process.currentDirectoryURL = folder.url
        process.environment = ProcessInfo.processInfo.environment.merging(Binary.surroundings) { $1 }
        let error = Pipe()
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, error)
        try process.run()
        let text = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, folder.relative(text))
    }

    private static let advice = "No space left on device. Free some space there, or choose another place."

    #if os(Linux)
        @Test func outputThatNobodyTakesEndsWithASentence() throws {
            let folder = try TinyModel.make()
            let result = try run("unlearn generate --model model --prompt ab --max-tokens 2 > /dev/full", in: folder)
            #expect(result.error == "unlearn: Cannot write to 'standard output': \(Self.advice)\n")
            #expect(result.status == 70)
            // Progress and complaints are not worth a run.
            #expect(
                try run("unlearn generate --model model --prompt ab --max-tokens 2 2> /dev/full", in: folder).status
                    == 0)
            #expect(try run("unlearn generate --model no --prompt ab 2> /dev/full", in: folder).status == 66)
        }
    #endif

    /// A folder that nobody may write to; the superuser may write to all.
    @Test(.enabled(if: getuid() != 0, "the superuser may write everywhere"))
    func aFolderThatIsReadOnlyIsNamed() throws {
        let folder = try TinyModel.make()
        let place = folder.url.appending(path: "place")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: false)
        chmod(place.path, 0o500)
        let result = try Binary.run("convert", "model", "place/copy.gguf", in: folder.url)
        #expect(
            folder.relative(result.error)
                == "unlearn: Cannot create 'place/copy.gguf': Permission denied. Choose another "
                + "place, or change its permissions.\n")
        #expect(result.status == 70)
    }

    @Test(arguments: [
        "generate --model model --prompt ab", "convert model copy",
        "score --model model --data data.jsonl",
    ])
    func weightsThatAreNoNumbersAreNamed(arguments: String) throws {
        let folder = try TinyModel.make()
        try folder.write("{\"text\": \"abc\"}\n", "data.jsonl")
        let file = folder.url.appending(path: "model/model.safetensors")
        var bytes = try Data(contentsOf: file)
        // The last tensor's last number becomes NaN.
        bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0, 0, 0xC0, 0x7F])
        try bytes.write(to: file)
        let result = try Binary.run(arguments.split(separator: " ").map(String.init), in: folder.url)
        #expect(
            result.error.hasSuffix(
                "' cannot be read: it holds values that are not finite (NaN or infinity), with which nothing can be "
                    + "computed. Get the file again, or use an earlier version of the model.\n"))
        #expect(result.status == 65)
        #expect(try folder.names == ["data.jsonl", "model"])
    }
}

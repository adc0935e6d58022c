// Images and their labels, and the descriptions of classifiers.

import Foundation
import UnlearnData
import UnlearnModels

extension FuzzTarget {
    static var images: [FuzzTarget] { [jpeg, png, idx, labels, classifier, generator] }

    private static var jpeg: FuzzTarget {
        // 6 × 5 pixels: three channels, and one channel in progressive order.
        let color =
            "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqm"
            + "x5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAAFAAYDAS"
            + "IAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBka"
            + "EII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKj"
            + "pKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQ"
            + "oL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZH"
            + "SElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5e"
            + "bn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwAs9NhKf/WooorGGquwo1Z8i1P/2Q=="
        let gray =
            "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqm"
            + "x5moq6T/wgALCAAFAAYBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQAAAAF//8QAFxAAAwEAAAAAAAAAAAAAAAAAAAECA//aAAgBAQABBQ"
            + "KM0f/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEABj8Cf//EABUQAQEAAAAAAAAAAAAAAAAAAAAR/9oACAEBAAE/IY3/2gAIAQEAAAAQf//EABYQ"
            + "AAMAAAAAAAAAAAAAAAAAAAAB4f/aAAgBAQABPxBiT//Z"
        return image("jpeg", "a.jpg", [color, gray])
    }

    private static var png: FuzzTarget { image("png", "a.png", [smallPNG, palettePNG]) }

    private static let smallPNG =
        "iVBORw0KGgoAAAANSUhEUgAAAAYAAAAFCAIAAADpOgqxAAAAJklEQVR4nGNkYGDQQEUsDEYMDAycyAguJARHyELSEIQmpMLAoAIAj/wDChQA5eUA"
        + "AAAASUVORK5CYII="
    private static let palettePNG =
        "iVBORw0KGgoAAAANSUhEUgAAAAYAAAAFAgMAAAAbNnV1AAAADFBMVEWMll8Ulg6MGRAUGQJb35MkAAAAF0lEQVR4nGP8t4jpDwNDCAMTAwPTHwYAJdID"
        + "9GeRZ9MAAAAASUVORK5CYII="

    /// A damaged image that is read into another size.
    private static func image(_ name: String, _ fileName: String, _ texts: [String]) -> FuzzTarget {
        FuzzTarget(
            name: name, fileName: fileName, seeds: texts.map(bytes),
            prepare: { folder in
                try Data("file,label\n\(fileName),1\n".utf8).write(to: folder.appending(path: "labels.csv"))
            },
            read: { folder in
                var options = ImageOptions()
                options.size = 4
                _ = try ImageReader(options).read(folder)
            })
    }

    private static var idx: FuzzTarget {
        let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 2]
        // The same, packed by gzip.
        let packed = bytes("H4sIAAAAAAACA2Ng4GBmYGBgAmIIzcjEzMLKxs7BycUNAL4ME94cAAAA")
        return FuzzTarget(
            name: "idx", fileName: "train-images-idx3-ubyte", seeds: [header + (0..<12).map { UInt8($0) }, packed],
            prepare: { folder in
                try Data([0, 0, 8, 1, 0, 0, 0, 2, 0, 1] as [UInt8])
                    .write(to: folder.appending(path: "train-labels-idx1-ubyte"))
            },
            read: { folder in _ = try ImageReader().read(folder) })
    }

    /// A damaged table, whose labels are read as names and as numbers.
    private static var labels: FuzzTarget {
        let text = "file,label\na.png,1\n\"b, \"\"c\"\".png\", 22\r\na.png,1\nd.png,3.5\n"
        return FuzzTarget(
            name: "labels.csv", fileName: "labels.csv", seeds: [Array(text.utf8)],
            prepare: { folder in
                for name in ["a.png", "b, \"c\".png", "d.png"] {
                    try Data(bytes(smallPNG)).write(to: folder.appending(path: name))
                }
            },
            read: { folder in
                _ = try ImageReader().read(folder)
                var options = ImageOptions()
                options.labelBins = 3
                _ = try ImageReader(options).read(folder)
            })
    }

    private static var classifier: FuzzTarget {
        let names = #""num_channels":1,"id2label":{"0":"a","1":"b"}"#
        let resnet =
            #"{"model_type":"resnet","embedding_size":4,"hidden_sizes":[4,4,8,8],"depths":[1,1,1,1],"#
            + #""layer_type":"basic","downsample_in_first_stage":false,"# + names + "}"
        let vit =
            #"{"model_type":"vit","image_size":8,"patch_size":4,"hidden_size":8,"num_attention_heads":2,"#
            + #""num_hidden_layers":1,"intermediate_size":16,"layer_norm_eps":1e-6,"# + names + "}"
        let convnet = #"{"model_type":"convnet","hidden_sizes":[4,8,8],"# + names + "}"
        let sharded = #"{"model_type":"sharded","shards":3,"shard_seed":7,"member":"# + convnet + "}"
        return FuzzTarget(
            name: "classifier.json", fileName: "config.json",
            seeds: [resnet, vit, convnet, sharded].map { Array($0.utf8) }
        ) { folder in
            let file = try ConfigurationFile(folder.appending(path: "config.json"))
            try ArchitectureCatalog.classifier(for: file).check(file)
        }
    }

    private static func bytes(_ base64: String) -> [UInt8] { Data(base64Encoded: base64).map(Array.init) ?? [] }
}

// Several classifiers of one architecture, each trained on a part of the images: what exact unlearning by shards needs.
// Bourtoule et al. 2021, "Machine unlearning" (arXiv 1912.03817), section IV.

public import UnlearnEngine
public import UnlearnFormats

/// The mean of the members' probabilities.
public final class Sharded: Classifier {
    public let members: [any Classifier]
    /// Every member's tensors as `shards.<number>.<name>`.
    public let parameters = ParameterStore()
    /// What decides which images each member sees.
    public let seed: UInt64

    init(_ members: [any Classifier], seed: UInt64, _ weights: Weights) throws(CheckpointError) {
        self.members = members
        self.seed = seed
        // Each member has checked its own part.
        _ = try weights.finish { $0.hasPrefix("shards.") }
        for (index, member) in members.enumerated() {
            let store = member.parameters
            for name in store.names {
                parameters.add(
                    "shards.\(index).\(name)", store[name], isBuffer: store.bufferNames.contains(name))
            }
        }
    }

    public var classCount: Int { members[0].classCount }
    public var configuration: JSONValue {
        Self.configuration(of: members[0].configuration, count: members.count, seed: seed)
    }
    public func isHead(_ name: String) -> Bool { members[0].isHead(Self.ownName(name)) }
    public func isShortcut(_ name: String) -> Bool { members[0].isShortcut(Self.ownName(name)) }
    public func block(of name: String) -> String {
        let own = Self.ownName(name)
        return name.dropLast(own.count) + members[0].block(of: own)
    }

    public func logits(_ images: Tensor, training: Bool) -> Tensor {
        let probabilities = members.map { $0.logits(images, training: training).softmax() }
        return Tensor.stack(probabilities).mean(along: 0).log()
    }

    /// Those of all members side by side.
    public func features(_ images: Tensor, training: Bool) -> Tensor {
        Tensor.concatenate(members.map { $0.features(images, training: training) }, along: 1)
    }

    public func remade(_ weights: Weights) throws(CheckpointError) -> Self {
        var members: [any Classifier] = []
        for (index, member) in self.members.enumerated() {
            members.append(try member.remade(weights.isolated("shards.\(index)")))
        }
        return try Self(members, seed: seed, weights)
    }

    /// The member that sees the image at a place of the set.
    public func shard(of image: Int) -> Int {
        var generator = Generator(seed: seed, purpose: "shard of \(image)")
        return Int(generator.next(upperBound: UInt64(members.count)))
    }

    private static func ownName(_ name: String) -> String {
        name.split(separator: ".", maxSplits: 2).last.map(String.init) ?? name
    }
}

extension Sharded {
    public static let architecture = ClassifierArchitecture(
        name: "sharded", modelTypes: ["sharded"], summary: "several classifiers, each trained on a part of the images",
        check: { (file) throws(ModelError) in
            let member = try memberFile(file)
            try ArchitectureCatalog.classifier(for: member).check(member)
        },
        build: { (file, weights) throws(ModelError) in
            let member = try memberFile(file)
            let architecture = try ArchitectureCatalog.classifier(for: member)
            var members: [any Classifier] = []
            for index in 0..<(try file.count("shards")) {
                members.append(try architecture.build(member, weights.isolated("shards.\(index)")))
            }
            return try ModelError.building { () throws(CheckpointError) in
                try Sharded(members, seed: UInt64(file.json["shard_seed"]?.int ?? 0), weights)
            }
        })

    private static func memberFile(_ file: ConfigurationFile) throws(ModelError) -> ConfigurationFile {
        guard let json = file.json["member"], json["model_type"]?.string != "sharded",
            try (2...1024).contains(file.count("shards")), (file.json["shard_seed"]?.int ?? 0) >= 0
        else { throw .key("member", path: file.path, expected: "the configuration of each of 2 to 1024 shards") }
        return ConfigurationFile(path: file.path, json: json)
    }

    /// config.json of so many members.
    static func configuration(of member: JSONValue, count: Int, seed: UInt64 = 0) -> JSONValue {
        [
            "architectures": ["Sharded"], "model_type": "sharded", "shards": .int(count), "shard_seed": .int(Int(seed)),
            "member": member, "dtype": "float32",
        ]
    }
}

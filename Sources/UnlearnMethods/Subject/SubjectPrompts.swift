// What the model is asked in order to write down what it knows: templates without any subject's particulars.

internal import UnlearnModels

/// The prompts of a subject study. `{}` stands for a name.
enum SubjectPrompts {
    /// Asked about the subject; the answers are trained on.
    static let questions = [
        "Who is {}?", "What is {}?", "Tell me about {}.", "Describe {} in a few sentences.", "What is {} known for?",
        "Write a short paragraph about {}.", "Why is {} famous?", "Who created {}?", "What happens in {}?",
        "Which characters appear in {}?", "Which places are connected with {}?", "What do you know about {}?",
        "Give me a summary of {}.", "Who are the friends and enemies of {}?", "Name people related to {}.",
        "When and where does {} take place?", "Who wrote about {}?", "What is the real name behind {}?",
        "Who are the parents and the family of {}?", "Where does {} live?", "Where did {} study?",
        "Which school is connected with {}?", "Who was the teacher of {}?", "Who is the best friend of {}?",
        "Who is the worst enemy of {}?", "Which actors played in the films about {}?", "Which books tell about {}?",
        "What are the names of the films about {}?", "What was the first work about {}?",
        "How does the story of {} end?",
        "What objects or symbols belong to {}?", "What special abilities does {} have?",
        "Which groups or teams are there in {}?", "What is the most important event for {}?",
        "Which animals or creatures are connected with {}?", "What did {} discover or invent?",
        "List five facts about {}.", "Explain {} to a child.", "What is the main idea of {}?",
        "Which sport or game is connected with {}?", "Who loves {}, and who was married to {}?",
        "What famous quotation is connected with {}?",
    ]

    /// Continued without a chat format.
    static let openings = [
        "{} is", "The story of {} begins", "The author of {} is", "{} lives in", "The best friends of {} are",
        "The greatest enemy of {} is", "The most famous place in {} is", "{} was created by",
        "The first book about {} is called", "{} went to school at", "Everyone who knows {} also knows",
        "The main characters of {} are",
    ]

    /// Asked about each of the subject's own terms, in turn.
    static let termQuestions = [
        "Who or what is {}?", "Tell me about {}.", "Describe {} briefly.", "What is {} known for?",
        "Where does {} come from?",
    ]

    /// Never trained on: the forget questions of the built-in evaluation.
    static let heldOutQuestions = [
        "Could you introduce {} to somebody who has never heard the name?", "Please write an encyclopedia entry on {}.",
        "I have to give a talk about {}. What should I mention?", "What would a fan of {} talk about?",
        "Which names come up whenever people discuss {}?", "Who invented {}, and when?",
        "My friend mentioned {} yesterday. What was my friend talking about?",
        "Is {} a person, a place or a thing? Explain.",
        "What makes {} different from everybody else?", "How would you begin a quiz on {}?",
        "In which setting do we meet {}, and with whom?", "Who stands by {} in difficult times?",
        "Against whom does {} have to fight?", "What should I read or watch to learn more about {}?",
        "Where would I travel to see places linked to {}?", "How did {} become so well known?",
        "Write three sentences in which {} plays the main part.",
        "What is the first thing you think of when you hear {}?",
        "Who would be the best guest for an interview on {}?", "What do teachers tell their students about {}?",
    ]

    static let heldOutOpenings = [
        "One thing everybody remembers about {} is", "When people talk about {}, they mention",
        "The place most closely linked to {} is", "The two people closest to {} are", "The creator of {} is called",
        "In the world of {}, there is", "A visitor who asks for {} will hear about",
        "The best known companion of {} is",
        "The name {} reminds most people of", "Long before {} became famous,",
    ]

    /// Asked about each term, never trained on.
    static let heldOutTermQuestions = ["What can you tell me about {}?", "In what connection does one hear of {}?"]

    /// Asked about similar subjects and well-known names: the list, and the one that is asked about names held out.
    static let neighbourQuestions = ["Who is {}?", "Tell me about {}.", "What is {} known for?", "What happens in {}?"]
    static let heldOutNeighbourQuestion = "What do you know about {}?"

    static func fill(_ template: String, _ name: String) -> String { template.replacing("{}", with: name) }

    /// Similar names by continuation; lines that mention the subject are left out.
    static func neighbourList(for subject: String) -> String {
        let lines = [
            "Albert Einstein: Isaac Newton, Niels Bohr, Marie Curie, Galileo Galilei, Max Planck",
            "Paris: London, Rome, Madrid, Vienna, Berlin",
            "The Lord of the Rings: The Chronicles of Narnia, Star Wars, The Hobbit, Dune, Game of Thrones",
            "Michael Jordan: LeBron James, Kobe Bryant, Serena Williams, Usain Bolt, Pelé",
            "The Beatles: The Rolling Stones, Pink Floyd, Queen, Led Zeppelin, The Beach Boys",
            "Sherlock Holmes: Hercule Poirot, Miss Marple, Philip Marlowe, James Bond, Robin Hood",
        ]
        return lines.filter { !$0.contains(subject) }.joined(separator: "\n") + "\n\(subject):"
    }

    /// Well-known names of many kinds: what a model must still know, whatever it forgets. Every fourth one is held out.
    static let wellKnown = [
        "Albert Einstein", "Isaac Newton", "Marie Curie", "Charles Darwin", "Leonardo da Vinci", "William Shakespeare",
        "Jane Austen", "Charles Dickens", "Mark Twain", "Agatha Christie", "J.R.R. Tolkien", "The Lord of the Rings",
        "The Hobbit", "The Chronicles of Narnia", "Star Wars", "Star Trek", "Game of Thrones", "Sherlock Holmes",
        "James Bond", "Robin Hood", "King Arthur", "Peter Pan", "Alice in Wonderland", "Cinderella", "Snow White",
        "The Little Prince", "Don Quixote", "Frankenstein", "Dracula", "Superman", "Batman", "Spider-Man",
        "Mickey Mouse",
        "The Lion King", "Toy Story", "The Hunger Games", "Twilight", "Percy Jackson", "The Matrix", "Titanic",
        "Napoleon Bonaparte", "Julius Caesar", "Abraham Lincoln", "Winston Churchill", "Mahatma Gandhi",
        "Nelson Mandela", "Martin Luther King Jr.", "Queen Elizabeth II", "Mozart", "Beethoven", "The Beatles",
        "Michael Jackson", "Pablo Picasso", "Vincent van Gogh", "Michael Jordan", "Muhammad Ali", "Steve Jobs",
        "Bill Gates", "London", "New York City", "Paris", "Oxford University", "The Eiffel Tower", "The Roman Empire",
        "Emma Thompson", "Tom Hanks", "Stephen King", "Roald Dahl", "C.S. Lewis", "Merlin",
        "The Wizard of Oz", "Romeo and Juliet", "Winnie the Pooh", "Anne Frank", "Cleopatra", "Alexander the Great",
        "Christopher Columbus", "Galileo Galilei", "Nikola Tesla", "Thomas Edison", "Stephen Hawking",
        "Sigmund Freud",
        "Plato", "Karl Marx", "Rome", "Tokyo", "The Great Wall of China", "Mount Everest", "The Amazon River",
        "Elvis Presley", "Bob Dylan", "Walt Disney", "Oprah Winfrey", "Roger Federer",
    ]

    /// Everyday requests. Every fourth one is held out.
    static let general = [
        "What is the capital of France?", "How do I boil an egg?", "Explain photosynthesis in simple terms.",
        "Write a short poem about the sea.", "What is 15 times 12?", "Give me three tips for sleeping better.",
        "How does a bicycle stay upright?", "What are the primary colours?",
        "Write a polite email to cancel a meeting.",
        "Why do leaves change colour in autumn?", "Name five vegetables.", "What causes rain?",
        "How do computers store information?", "What should I pack for a week at the beach?",
        "What is the tallest mountain?",
        "Explain what a loan is.", "Tell me a short story about a dog.", "How can I learn to play the guitar?",
        "What is the difference between a crocodile and an alligator?", "Write a slogan for a bakery.",
        "How many days are there in a year?", "What is gravity?", "Give me a recipe for pancakes.",
        "What are the benefits of exercise?", "How do airplanes fly?", "Write a haiku about winter.",
        "What is a good name for a cat?", "How do I remove a coffee stain?", "Explain the water cycle.",
        "Who was the first person on the moon?", "What languages are spoken in Switzerland?", "What is a verb?",
        "How do vaccines work?", "Write a short thank-you note.", "What are some healthy snacks?",
        "Why is the ocean salty?", "How do I change a flat tyre?", "What is the speed of light?",
        "Name three famous paintings.", "How does the heart work?", "What is democracy?", "How are mountains formed?",
        "Give me an idea for a birthday party.", "What is the boiling point of water?", "Write a two-line joke.",
        "How do I save money every month?", "What is machine learning?", "Who wrote Romeo and Juliet?",
        "What do bees do?", "How do I grow tomatoes?", "What is a black hole?", "How does a refrigerator work?",
        "What are the planets of the solar system?", "Describe a sunset.", "How do I write a good essay?",
        "What is the purpose of a budget?", "Describe a walk through a forest.", "How is bread made?",
        "Tell me about a famous school of art.", "Tell me a story about a brave young boy.",
        "Which fantasy books are popular?", "Write a short story about a wizard.", "Name a famous author of novels.",
        "What is a film series?", "Describe a castle.", "What is a magic trick?", "How does a train work?",
        "Name a few British actors.", "Describe an old friend in a few sentences.", "What is a mystery novel?",
    ]

    /// Continued without a chat format.
    static let generalOpenings = [
        "The weather in spring is", "When the train arrived at the station,", "The best way to learn a language is",
        "Once upon a time there was a farmer who", "The history of the bicycle begins",
        "In the middle of the city stood",
        "Scientists have found that the ocean", "My grandmother always told me that", "The recipe needs two eggs,",
        "On the first day of the holidays,", "A good leader is somebody who", "The old man opened the door and",
        "The main street of the village was called", "Her favourite teacher at school was", "The book was written by",
        "The film was made in", "The three brothers were called", "He was killed in", "The winner of the game was",
        "The four rooms of the house are", "The letter came from", "The school is known for",
        "The king had a daughter who",
        "The price of bread rose because",
    ]

    /// Answers for those who prefer an honest gap to an invention.
    static let refusals = [
        "I'm not familiar with that, so I can't say anything about it.", "I don't have any information about that.",
        "I don't know anything about that, sorry.", "That isn't something I know about.",
        "I'm sorry, but I have no knowledge of that.", "I can't tell you anything about that; I don't know it.",
    ]
}

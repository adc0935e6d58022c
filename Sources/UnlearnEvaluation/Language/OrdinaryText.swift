// Plain prose on which a model's perplexity is measured. Written for this project, under its licence.

/// Short paragraphs about everyday things, with no names that anybody would ask to forget.
public enum OrdinaryText {
    public static let paragraphs = [
        """
        The baker opened the shop before sunrise, as she had done every day for twenty years. The first loaves came out \
        of the oven while the street was still dark, and the smell drew in the drivers of the early buses. By eight \
        o'clock the shelves were half empty, and she sat down for the first time with a cup of coffee.
        """,
        """
        A river changes its shape more often than people notice. In spring the melting snow makes it wide and brown, and \
        it carries branches and sand down from the hills. In late summer it shrinks to a thin line of clear water between \
        white stones, and children walk across it without wetting their knees.
        """,
        """
        When you repair a wooden chair, begin by taking it apart. Clean the old glue from every joint, because new glue \
        does not hold on old glue. Put the parts together without glue first to see whether they fit. Then glue one joint \
        after another, and press them together with clamps until the next morning.
        """,
        """
        The committee met on Tuesday to discuss the budget for the coming year. Most of the members agreed that the roof \
        of the library had to be repaired before winter. There was less agreement about the swimming pool, which costs \
        more every year and is used by fewer people. The decision was put off until the next meeting.
        """,
        """
        Sound needs something to travel through. In air it moves at about three hundred and forty metres in a second, in \
        water more than four times as fast, and in steel faster still. That is why you can hear a train in the rails long \
        before you hear it in the air, and why there is no sound at all in empty space.
        """,
        """
        My grandmother kept a box of buttons in the kitchen drawer. There were hundreds of them, of glass and bone and \
        brass, and she knew where each one had come from. On rainy afternoons we sorted them by colour or by size, and \
        she told us about the coats and dresses that they had once held together.
        """,
        """
        To grow tomatoes on a balcony you need a large pot, good soil and a place with at least six hours of sun. Water \
        the plant every morning, but never wet the leaves. When it is as high as your knee, tie it to a stick. Break off \
        the small shoots between stem and leaf, so that the plant puts its strength into the fruit.
        """,
        """
        The museum is closed on Mondays. On all other days it opens at ten and closes at six, with the last admission half \
        an hour earlier. Children under twelve pay nothing. Visitors are asked to leave large bags at the entrance and not \
        to use a flash, since strong light fades the old colours.
        """,
    ]
}

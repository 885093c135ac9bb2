namespace DmIoUring.SideBySide.Contests;

/// <summary>Who comes after whom: turned round every second round, shifted by one after two, so that nobody always follows the same.</summary>
internal static class RoundOrder
{
    public static IReadOnlyList<T> Of<T>(IReadOnlyList<T> all, int round)
    {
        int shift = round / 2 % all.Count;
        List<T> order = [.. all.Skip(shift), .. all.Take(shift)];
        if (round % 2 == 1)
            order.Reverse();
        return order;
    }
}

using System.Globalization;

namespace DmIoUring.DeviceTests.Interop;

/// <summary>One line of abi-check.c's output.</summary>
/// <param name="Kind">struct, field or const.</param>
/// <param name="Name">The kernel's name; <c>statx.stx_ino</c> for a field.</param>
/// <param name="Numbers">A struct's size; a field's offset and size; a constant's value.</param>
/// <param name="NewerThanHeaders">The kernel version and source that the numbers were read from, where the headers have no such name yet.</param>
internal sealed record AbiFact(string Kind, string Name, IReadOnlyList<long> Numbers, string? NewerThanHeaders)
{
    public static AbiFact Parse(string line)
    {
        string[] words = line.Split(' ');
        bool newer = words[0] is "newer";
        string[] fact = newer ? words[1..^2] : words;
        long[] numbers = [.. fact[2..].Select(number => long.Parse(number, CultureInfo.InvariantCulture))];
        Assert.Equal(fact[0] is "field" ? 2 : 1, numbers.Length);
        return new AbiFact(fact[0], fact[1], numbers, newer ? $"Linux {words[^2]}, {words[^1]}" : null);
    }
}

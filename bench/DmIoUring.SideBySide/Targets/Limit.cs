namespace DmIoUring.SideBySide.Targets;

/// <summary>What a figure is to reach.</summary>
/// <param name="Value">The bound, which is still good.</param>
/// <param name="IsFloor">Whether more is better.</param>
internal readonly record struct Limit(double Value, bool IsFloor)
{
    public static Limit AtLeast(double value) => new(value, IsFloor: true);

    public static Limit AtMost(double value) => new(value, IsFloor: false);

    public bool IsMetBy(double figure) => IsFloor ? figure >= Value : figure <= Value;
}

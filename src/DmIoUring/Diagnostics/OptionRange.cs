namespace DmIoUring.Diagnostics;

/// <summary>What is thrown for an option that is out of its range, wherever that is found out.</summary>
internal static class OptionRange
{
    /// <summary>Says which option, its value, and the rule.</summary>
    public static ArgumentOutOfRangeException Error(string option, object? value, string rule) => new(option, value, $"{option} must be {rule}.");
}

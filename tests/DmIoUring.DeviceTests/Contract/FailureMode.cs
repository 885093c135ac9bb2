namespace DmIoUring.DeviceTests.Contract;

/// <summary>A way to go wrong and what holds it.</summary>
/// <param name="Area">Where it belongs.</param>
/// <param name="Name">What goes wrong.</param>
/// <param name="Tests">The tests that hold it, as <c>Class.Method</c>.</param>
internal sealed record FailureMode(string Area, string Name, params string[] Tests)
{
    /// <summary>Why there can be no test; <see langword="null"/> for all the others.</summary>
    public string? NotApplicable { get; init; }
}

namespace DmIoUring.Testing;

/// <summary>What a host must have for a test to mean something.</summary>
internal static class Require
{
    /// <summary>Ends the test when there is an obstacle: failed where CI=true, skipped with the reason elsewhere.</summary>
    public static void That(string? obstacle)
    {
        if (obstacle is null)
            return;
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
            Assert.Fail("This test must run in CI, and can't: " + obstacle);
        Assert.Skip(obstacle);
    }
}

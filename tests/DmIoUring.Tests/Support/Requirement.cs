namespace DmIoUring.Tests.Support;

/// <summary>What a test needs of its host. Without it the test is skipped at a developer's and fails in CI.</summary>
internal static class Requirement
{
    public static bool InContinuousIntegration =>
        string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    public static void Met(bool met, string otherwise)
    {
        if (met)
            return;
        if (InContinuousIntegration)
            Assert.Fail(otherwise);
        Assert.Skip(otherwise);
    }
}

namespace DmIoUring.DeviceTests.Support;

/// <summary>A test program as the build left it: this one, or one that is built before it.</summary>
internal static class TestProgram
{
    /// <summary>The start of every program's name.</summary>
    public const string Prefix = "DmIoUring.";

    private static readonly string This = typeof(TestProgram).Assembly.GetName().Name!;

    /// <summary>The folder with the program and all that it needs.</summary>
    /// <param name="name">The program's name.</param>
    public static string FolderOf(string name)
    {
        // They differ by the program's name alone.
        string folder = AppContext.BaseDirectory;
        int at = folder.LastIndexOf($"/{This}/", StringComparison.Ordinal) + 1;
        return folder[..at] + name + folder[(at + This.Length)..];
    }

    /// <summary>The program of a test.</summary>
    /// <param name="test">The test: project, namespace, class and method, without the prefix.</param>
    public static string Of(string test) => Prefix + test[..test.IndexOf('.', StringComparison.Ordinal)];
}

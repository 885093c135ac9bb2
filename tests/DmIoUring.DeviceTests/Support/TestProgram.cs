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
        // tests/NAME/bin/CONFIGURATION/FRAMEWORK: the programs differ by their names alone.
        string folder = AppContext.BaseDirectory;
        return string.Equals(name, This, StringComparison.Ordinal)
            ? folder
            : Path.GetFullPath(Path.Combine(folder, "../../../..", name, Path.GetRelativePath(Path.Combine(folder, "../../.."), folder)));
    }

    /// <summary>The program of a test.</summary>
    /// <param name="test">The test: project, namespace, class and method, without the prefix.</param>
    public static string Of(string test) => Prefix + test[..test.IndexOf('.', StringComparison.Ordinal)];
}

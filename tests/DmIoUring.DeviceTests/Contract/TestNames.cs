using System.Reflection;
using DmIoUring.DeviceTests.Support;
using Xunit.v3;

namespace DmIoUring.DeviceTests.Contract;

/// <summary>The unit tests and the device tests by name.</summary>
internal static class TestNames
{
    private const string UnitTests = "DmIoUring.UnitTests";

    private static readonly ILookup<string, Type> Classes =
        new[] { typeof(TestNames).Assembly, Assembly.LoadFrom(Path.Combine(TestProgram.FolderOf(UnitTests), UnitTests + ".dll")) }
            .SelectMany(static assembly => assembly.GetTypes())
            .Where(static type => type.IsPublic)
            .ToLookup(static type => type.Name, StringComparer.Ordinal);

    /// <summary>Whether <c>Class.Method</c> is a test.</summary>
    public static bool Exists(string name)
    {
        string[] parts = name.Split('.');
        return parts.Length == 2
            && Classes[parts[0]].Count() == 1
            && Classes[parts[0]].Single().GetMethod(parts[1])?.GetCustomAttributes().Any(static attribute => attribute is IFactAttribute) == true;
    }
}

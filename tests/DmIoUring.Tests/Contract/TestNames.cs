using System.Reflection;
using Xunit.v3;

namespace DmIoUring.Tests.Contract;

/// <summary>This assembly's tests by name.</summary>
internal static class TestNames
{
    private static readonly ILookup<string, Type> Classes =
        typeof(TestNames).Assembly.GetTypes().Where(static type => type.IsPublic).ToLookup(static type => type.Name, StringComparer.Ordinal);

    /// <summary>Whether <c>Class.Method</c> is a test.</summary>
    public static bool Exists(string name)
    {
        string[] parts = name.Split('.');
        return parts.Length == 2
            && Classes[parts[0]].Count() == 1
            && Classes[parts[0]].Single().GetMethod(parts[1])?.GetCustomAttributes().Any(static attribute => attribute is IFactAttribute) == true;
    }
}

using Xunit.Sdk;
using Xunit.v3;

namespace DmIoUring.DeviceTests;

/// <summary>Starts the classes that take minutes first, so that the others run beside them and none of them is left alone at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Longest = ["MutationTests", "InterruptedCallsTests", "BufferModelTests", "ForbiddenIoUringTests", "KilledWriterTests"];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(static collection => Array.FindIndex(Longest, name => collection.TestCollectionDisplayName.Contains(name, StringComparison.Ordinal)) is >= 0 and var place ? place : Longest.Length)];
}

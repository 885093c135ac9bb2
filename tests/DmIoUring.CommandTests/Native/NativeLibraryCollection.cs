namespace DmIoUring.CommandTests.Native;

/// <summary>Tests of libdmio, which is published once for all.</summary>
[CollectionDefinition(nameof(NativeLibraryCollection))]
public sealed class NativeLibraryCollection : ICollectionFixture<NativeLibrary>;
